/** Markup that is safe to send: everything else is escaped when it is put into a page. */
export interface Html {
  readonly markup: string
}

/** What a template takes: of what is absent nothing is shown. */
export type Content = Html | string | number | false | null | undefined | readonly Content[]

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function render(value: Content): string {
  if (value === undefined || value === null || value === false) return ''
  if (typeof value === 'string') return value.replace(/[&<>"']/g, (sign) => ESCAPES[sign] ?? sign)
  if (typeof value === 'number') return String(value)
  return 'markup' in value ? value.markup : value.map(render).join('')
}

/** A template whose values are escaped, unless they are `Html` themselves. */
export const html = (parts: TemplateStringsArray, ...values: readonly Content[]): Html => {
  let markup = parts[0] ?? ''
  for (const [at, value] of values.entries()) markup += render(value) + (parts[at + 1] ?? '')
  return { markup }
}
