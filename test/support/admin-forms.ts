import { isOurs } from './admin-walk'

/** A form of a page, as a browser would fill it in and send it. */
export interface Form {
  readonly method: string
  readonly path: string
  readonly fields: Readonly<Record<string, { readonly type: string; readonly value: string }>>
}

/** Every form in a page that is sent to the admin page. */
export async function formsIn(markup: string): Promise<Form[]> {
  const forms: {
    method: string
    path: string
    fields: Record<string, { type: string; value: string }>
  }[] = []
  let select: { type: string; value: string } | undefined
  const note = (element: HTMLRewriterTypes.Element, type: string) => {
    const name = element.getAttribute('name')
    const form = forms.at(-1)
    if (!name || !form) return undefined
    const field = { type, value: unescaped(element.getAttribute('value') ?? '') }
    form.fields[name] ??= field
    return field
  }
  const rewriter = new HTMLRewriter()
    .on('form', {
      element(element) {
        const sent = ['post', 'put', 'patch', 'delete', 'get'].find((one) =>
          element.hasAttribute(`hx-${one}`),
        )
        const address = element.getAttribute(sent ? `hx-${sent}` : 'action') ?? ''
        const method = sent ?? element.getAttribute('method') ?? 'get'
        forms.push({ method: method.toUpperCase(), path: unescaped(address), fields: {} })
      },
    })
    .on('form input', {
      element: (element) => void note(element, element.getAttribute('type') ?? 'text'),
    })
    .on('form textarea', { element: (element) => void note(element, 'text') })
    .on('form select', {
      element(element) {
        select = note(element, 'select')
      },
    })
    .on('form option', {
      element(element) {
        if (select && (select.value === '' || element.hasAttribute('selected')))
          select.value = unescaped(element.getAttribute('value') ?? '')
      },
    })
  await rewriter.transform(new Response(markup)).text()
  return forms.filter(({ path }) => isOurs(path))
}

/** Types of fields that take any text. */
const FREE = new Set(['text', 'search', 'password', 'url', 'email', 'datetime-local', 'textarea'])

/** What a form sends with a text in every field that takes one; hidden ones too if so wished. */
export function filled({ fields }: Form, text: string, hidden = false): URLSearchParams {
  const values = new URLSearchParams()
  for (const [name, { type, value }] of Object.entries(fields)) {
    const takes = FREE.has(type) || (hidden && type === 'hidden')
    values.set(name, takes ? text : value || '1')
  }
  return values
}

const unescaped = (text: string): string =>
  text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')

/** What in a page would run, or be styled, other than by our own files. */
export async function dangersIn(markup: string): Promise<string[]> {
  const found: string[] = []
  await new HTMLRewriter()
    .on('*', {
      element(element) {
        const { tagName } = element
        const attributes = [...element.attributes].map(([name = '', value = '']) => [
          name.toLowerCase(),
          value,
        ])
        const source = element.getAttribute('src') ?? ''
        if (
          tagName === 'script' &&
          !source.startsWith('/admin/assets/') &&
          !source.startsWith('/swagger/')
        )
          found.push(`<script src="${source}">`)
        if (['style', 'base', 'object', 'embed', 'iframe', 'meta'].includes(tagName))
          if (tagName !== 'meta' || element.getAttribute('http-equiv')) found.push(`<${tagName}>`)
        for (const [name = '', value = ''] of attributes) {
          if (/^on|^style$|^hx-on|^srcdoc$/.test(name)) found.push(`<${tagName} ${name}>`)
          if (
            /^(?:href|src|action|formaction|poster|data)$/.test(name) &&
            isForeign(unescaped(value))
          )
            found.push(`<${tagName} ${name}="${value}">`)
          if (name.startsWith('hx-') && /^\s*(?:js|javascript):/i.test(value))
            found.push(`${name}="${value}"`)
        }
      },
    })
    .transform(new Response(markup))
    .text()
  return found
}

/** Whether an address runs something, or leads away without saying so. */
function isForeign(address: string): boolean {
  // Browsers leave out of addresses what cannot be seen.
  const plain = [...address]
    .filter((sign) => sign > ' ')
    .join('')
    .toLowerCase()
  return /^(?:javascript|vbscript|data:(?!,$|image\/(?:png|svg\+xml)))/.test(plain)
}
