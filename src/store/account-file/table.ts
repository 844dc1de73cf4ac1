import { SetupError } from '../../errors'
import type { Json } from '../../json-value'
import { isCookieLine } from '../../session-text'
import { readTier } from './account'
import type { Found } from './found'
import { isTokenColumn, readRecord } from './record'

/** What the fields of a row mean where no header says it. */
const COLUMNS = ['token', 'tier', 'tags', 'note', 'name', 'status']

/** No note is longer: a quote that is not closed within so much is a slip. */
const LONGEST_FIELD = 10_000

interface Row {
  readonly line: number
  /** Undefined where a quote is open. */
  readonly fields: readonly string[] | undefined
  readonly delimiter: string
}

/**
 * The accounts of a text: a token, `sso=…` or a line of cookies a line, or a table with commas,
 * semicolons or tabs, with or without a header. Blank lines and those that begin with `#` are none.
 *
 * @param text with `\n` between lines only
 */
export function* tableAccounts(text: string): Generator<Found> {
  let header: Header | undefined
  let isFirst = true
  for (const row of rows(text, () => header?.delimiter)) {
    const { line, fields, delimiter } = row
    const where = `line ${line}`
    if (!fields) {
      yield { where, problem: 'A quote in it is not closed, or not where a field ends.' }
      continue
    }
    const isHeader = isFirst && fields.some(isTokenColumn)
    isFirst = false
    if (isHeader) header = { columns: fields, delimiter }
    else yield readRow(where, fields, header)
  }
}

interface Header {
  readonly columns: readonly string[]
  readonly delimiter: string
}

function readRow(where: string, fields: readonly string[], header: Header | undefined): Found {
  const [, tier = ''] = fields
  if (!header && tier !== '' && readTier(tier) === undefined && !NO_TIER.test(tier))
    return { where, problem: 'Its second field is no tier: basic, super, heavy or unknown.' }
  const names = header?.columns ?? COLUMNS
  const record: Json = Object.fromEntries(
    names.map((name, at) => [name, UNSAID.has(fields[at] ?? '') ? undefined : plain(fields[at])]),
  )
  try {
    return { where, account: readRecord(record) }
  } catch (cause) {
    if (!(cause instanceof SetupError)) throw cause
    return { where, problem: cause.message }
  }
}

/** Without the sign that keeps spreadsheets from calculating: see `harmless`. */
const plain = (field: string | undefined): string | undefined =>
  field?.replace(/^'(?=['=+\-@\t\r])/, '')

const NO_TIER = /^(?:unknown|auto|none|-)$/i
/** What tables put where there is nothing. */
const UNSAID = new Set(['', '-'])

/** @param ofHeader what parts the header, once it was read: else each row has its own sign */
function* rows(text: string, ofHeader: () => string | undefined): Generator<Row> {
  let at = 0
  let line = 0
  while (at < text.length) {
    line++
    const end = endOfLine(text, at)
    const raw = text.slice(at, end)
    const content = raw.trim()
    const given = ofHeader()
    if (content === '' || content.startsWith('#') || EXCEL.test(content)) at = end + 1
    else if (!given && isCookieLine(content)) {
      yield { line, fields: [content], delimiter: ',' }
      at = end + 1
    } else {
      const delimiter = given ?? delimiterOf(raw)
      const row = fieldsAt(text, at, delimiter)
      yield { line, fields: row?.fields, delimiter }
      const next = row?.next ?? end + 1
      line += text.slice(end + 1, next).split('\n').length - 1
      at = next
    }
  }
}

/** The line by which Excel is told what parts the fields. */
const EXCEL = /^sep=.$/i

const endOfLine = (text: string, at: number): number => {
  const end = text.indexOf('\n', at)
  return end < 0 ? text.length : end
}

/** What parts the fields of a row: the first such sign, as none is in a token or in a header's names. */
function delimiterOf(line: string): string {
  const quoted = /^\s*"(?:[^"]|"")*"/.exec(line)?.[0].length ?? 0
  return /[,;\t]/.exec(line.slice(quoted))?.[0] ?? ','
}

/** The fields from here to the end of the row, and where the next one begins. */
function fieldsAt(text: string, from: number, delimiter: string) {
  const fields: string[] = []
  let at = from
  for (;;) {
    const field = quotedAt(text, at) ?? bareAt(text, at, delimiter)
    if (!field) return
    fields.push(field.value)
    const sign = text[field.end]
    at = field.end + 1
    if (sign === undefined || sign === '\n') return { fields, next: at }
    if (sign !== delimiter) return
  }
}

interface Field {
  readonly value: string
  readonly end: number
}

const QUOTED = /[^\S\n]*"([^"]*(?:""[^"]*)*)"[^\S\n\t]*/y

function quotedAt(text: string, at: number): Field | undefined {
  QUOTED.lastIndex = at
  const [whole, value = ''] = QUOTED.exec(text) ?? []
  if (whole === undefined || value.length > LONGEST_FIELD) return
  return { value: value.replaceAll('""', '"').trim(), end: at + whole.length }
}

/** What stands up to a delimiter or the end of the line. */
const BARE: Readonly<Record<string, RegExp>> = {
  ',': /[^,\n]*/y,
  ';': /[^;\n]*/y,
  '\t': /[^\t\n]*/y,
}

function bareAt(text: string, at: number, delimiter: string): Field | undefined {
  const bare = BARE[delimiter]
  if (!bare) return
  bare.lastIndex = at
  const [whole = ''] = bare.exec(text) ?? []
  const value = whole.trim()
  return value.startsWith('"') ? undefined : { value, end: at + whole.length }
}
