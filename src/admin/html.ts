/** Markup that is safe to send: everything else is escaped when it is put into a page. */
export interface Html {
  readonly markup: string
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

const render = (value: Html | string): string =>
  typeof value === 'string'
    ? value.replace(/[&<>"']/g, (sign) => ESCAPES[sign] ?? sign)
    : value.markup

/** A template whose values are escaped, unless they are `Html` themselves. */
export const html = (parts: TemplateStringsArray, ...values: readonly (Html | string)[]): Html => ({
  markup: parts.reduce((markup, part, index) => markup + render(values[index - 1] ?? '') + part),
})
