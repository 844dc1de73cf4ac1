/** What a part of a form says of itself in its `Content-Disposition`. */
export interface Disposition {
  readonly name: string
  /** As its client gave it; undefined for what is no file. */
  readonly filename: string | undefined
}

const PARAMETER = /;\s*([^\s=;]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)/gy

/**
 * Reads the `Content-Disposition` of a part of a form, as browsers, curl, Python and Node write it:
 * quoted or bare, in UTF-8, with `filename*` of RFC 5987; undefined where it is not one.
 */
export function readDisposition(header: string): Disposition | undefined {
  const type = /^\s*form-data\s*(?=;)/i.exec(header)?.[0]
  if (type === undefined) return undefined
  const parameters = new Map<string, string>()
  PARAMETER.lastIndex = type.length
  for (let found = PARAMETER.exec(header); found; found = PARAMETER.exec(header)) {
    const [, name = '', value = ''] = found
    parameters.set(name.toLowerCase(), unquoted(value.trim()))
  }
  const name = parameters.get('name')
  if (name === undefined) return undefined
  const extended = parameters.get('filename*')
  const filename = (extended && decoded(extended)) ?? parameters.get('filename')
  return { name, filename }
}

/** Forms of browsers escape in percent what a quoted text must not hold; the others with a backslash. */
function unquoted(value: string): string {
  const text = value.startsWith('"') ? value.slice(1, -1).replace(/\\(["\\])/g, '$1') : value
  return text.replace(/%(?:22|0D|0A)/gi, (code) => decodeURIComponent(code))
}

/** `UTF-8''na%C3%AFve.txt`, of RFC 5987; undefined where it is not of that form. */
function decoded(value: string): string | undefined {
  const [, charset, text] = /^([\w-]*)'[^']*'(.*)$/.exec(value) ?? []
  if (text === undefined || charset?.toLowerCase() !== 'utf-8') return undefined
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

const LONGEST_NAME = 255

// Controls, and what turns the direction of text around: a name must look like what it is.
const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu

/** The last part of a path that a client may have sent, without what cannot be seen; '' for none. */
export function cleanFilename(filename: string): string {
  const name = filename.replace(UNSEEN, '').split(/[/\\]/).at(-1)?.trim() ?? ''
  if (/^\.*$/.test(name)) return ''
  if (name.length <= LONGEST_NAME) return name
  const extension = /\.[^.]{1,16}$/.exec(name)?.[0] ?? ''
  return [...name].slice(0, LONGEST_NAME - extension.length).join('') + extension
}
