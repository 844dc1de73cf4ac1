// What pages need beyond htmx: no inline scripts, so that the policy can forbid them.

/** Buttons that copy: `<button data-copy="#id">`, or `data-copy-text`. */
document.addEventListener('click', async (event) => {
  const button = event.target instanceof Element ? event.target.closest('[data-copy]') : null
  if (!button) return
  const source = document.querySelector(button.dataset.copy)
  if (!source) return
  await navigator.clipboard.writeText(source.value ?? source.textContent)
  const said = button.textContent
  button.textContent = button.dataset.copied ?? '✓'
  setTimeout(() => {
    button.textContent = said
  }, 1500)
})
