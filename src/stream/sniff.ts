/** What a file is, as its bytes tell. */
export interface Content {
  readonly mime: string
  /** What the name of such a file ends with, without the dot. */
  readonly extension: string
  readonly sort: 'image' | 'audio' | 'video' | 'document' | 'text'
}

/** Bytes, a character each, that stand at a place, or begin between it and another one. */
type Sign = readonly [at: number, bytes: string, until?: number]
type Row = readonly [content: Content, ...signs: Sign[]]

const of =
  (sort: Content['sort']) =>
  (mime: string, extension: string): Content => ({ mime, extension, sort })
const image = of('image')
const audio = of('audio')
const video = of('video')
const document = of('document')
const text = of('text')

const MP3 = audio('audio/mpeg', 'mp3')
const AAC = audio('audio/aac', 'aac')
const M4A = audio('audio/mp4', 'm4a')
const HEIC = image('image/heic', 'heic')
const TIFF = image('image/tiff', 'tiff')
const MOV = video('video/quicktime', 'mov')
const OFFICE = 'application/vnd.openxmlformats-officedocument'
const ODF = 'application/vnd.oasis.opendocument'

/** Known by their beginning. The first row that fits in all its signs is it. */
const ROWS: readonly Row[] = [
  [image('image/png', 'png'), [0, '\x89PNG\r\n\x1a\n']],
  [image('image/jpeg', 'jpg'), [0, '\xff\xd8\xff']],
  [image('image/gif', 'gif'), [0, 'GIF87a']],
  [image('image/gif', 'gif'), [0, 'GIF89a']],
  [image('image/webp', 'webp'), [0, 'RIFF'], [8, 'WEBP']],
  [audio('audio/wav', 'wav'), [0, 'RIFF'], [8, 'WAVE']],
  [video('video/x-msvideo', 'avi'), [0, 'RIFF'], [8, 'AVI ']],
  // Two letters could begin a text: two reserved fields and a small number follow them.
  [image('image/bmp', 'bmp'), [0, 'BM'], [6, '\0\0\0\0'], [15, '\0\0\0']],
  [TIFF, [0, 'II*\0']],
  [TIFF, [0, 'MM\0*']],
  // Its own brand, or one among those that it is compatible with.
  [image('image/avif', 'avif'), [4, 'ftyp'], [8, 'avif', 40]],
  [image('image/avif', 'avif'), [4, 'ftypavis']],
  ...['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'mif1', 'msf1'].map(
    (brand): Row => [HEIC, [4, `ftyp${brand}`]],
  ),
  ...['M4A ', 'M4B ', 'M4P '].map((brand): Row => [M4A, [4, `ftyp${brand}`]]),
  [MOV, [4, 'ftypqt  ']],
  [video('video/3gpp', '3gp'), [4, 'ftyp3g']],
  [video('video/mp4', 'mp4'), [4, 'ftyp']],
  ...['moov', 'mdat', 'wide'].map((box): Row => [MOV, [4, box]]),
  [video('video/webm', 'webm'), [0, '\x1aE\xdf\xa3'], [4, 'webm', 64]],
  [video('video/x-matroska', 'mkv'), [0, '\x1aE\xdf\xa3']],
  [video('video/ogg', 'ogv'), [0, 'OggS'], [28, '\x80theora', 40]],
  [audio('audio/ogg', 'ogg'), [0, 'OggS']],
  [audio('audio/flac', 'flac'), [0, 'fLaC']],
  ...['ID3\x02', 'ID3\x03', 'ID3\x04'].map((mark): Row => [MP3, [0, mark]]),
  // The beginning of a frame, of layer III in MPEG 1, 2 and 2.5.
  ...['\xfa', '\xfb', '\xf2', '\xf3', '\xe2', '\xe3'].map((kind): Row => [MP3, [0, `\xff${kind}`]]),
  ...['\xf0', '\xf1', '\xf8', '\xf9'].map((kind): Row => [AAC, [0, `\xff${kind}`]]),
  [document('application/pdf', 'pdf'), [0, '%PDF-']],
  [document('application/rtf', 'rtf'), [0, '{\\rtf']],
  [document('application/epub+zip', 'epub'), [0, 'PK'], [30, 'mimetypeapplication/epub+zip']],
  [document(`${ODF}.text`, 'odt'), [0, 'PK'], [30, `mimetype${ODF}.text`]],
  [document(`${ODF}.spreadsheet`, 'ods'), [0, 'PK'], [30, `mimetype${ODF}.spreadsheet`]],
  [document(`${ODF}.presentation`, 'odp'), [0, 'PK'], [30, `mimetype${ODF}.presentation`]],
]

const ZIP = document('application/zip', 'zip')
/** Archives that are known by the folder that their content is in. */
const FOLDERS: readonly (readonly [folder: string, content: Content])[] = [
  ['word/', document(`${OFFICE}.wordprocessingml.document`, 'docx')],
  ['xl/', document(`${OFFICE}.spreadsheetml.sheet`, 'xlsx')],
  ['ppt/', document(`${OFFICE}.presentationml.presentation`, 'pptx')],
]
/** A file's header in an archive, and how far behind its mark the name stands. */
const ENTRY = ['PK\x03\x04', 30] as const
/** The same in the list of contents at an archive's end. */
const LISTED = ['PK\x01\x02', 46] as const

/** Text of a form of its own: all of the patterns fit. */
const FORMS: readonly (readonly [content: Content, ...patterns: RegExp[]])[] = [
  [
    text('text/html', 'html'),
    /^(?:<!--(?:(?!-->).)*-->\s*)*<(?:!doctype html|html|head|body)[\s>]/is,
  ],
  [text('image/svg+xml', 'svg'), /^<(?:\?xml\s|!--|!doctype svg\s|svg[\s>])/i, /<svg[\s>]/i],
  [text('application/xml', 'xml'), /^<\?xml\s/],
  [
    text('application/json', 'json'),
    /^(?:\{\s*["}]|\[\s*(?:["[{\]]|(?:-?\d[^\s,]*|true|false|null)\s*,))/,
    /[}\]]$/,
  ],
]
const PLAIN = text('text/plain', 'txt')

/** So many bytes are looked at, at the beginning and at the end. */
const LOOK = 64 * 1024

/** What kind of content this is, whatever anybody calls it; undefined where nothing is known. */
export function sniff(bytes: Uint8Array): Content | undefined {
  if (bytes.length === 0) return
  const head = characters(bytes.subarray(0, LOOK))
  const row = ROWS.find(([, ...signs]) => signs.every((sign) => stands(sign, head)))
  if (row) return row[0]
  return head.startsWith(ENTRY[0]) ? archive(head, bytes) : readable(bytes)
}

function stands([at, bytes, until = at]: Sign, head: string): boolean {
  if (until === at) return head.startsWith(bytes, at)
  const found = head.indexOf(bytes, at)
  return found >= 0 && found <= until
}

function archive(head: string, bytes: Uint8Array): Content {
  const tail = characters(bytes.subarray(-LOOK))
  const found = FOLDERS.find(
    ([folder]) => names(head, ENTRY, folder) || names(tail, LISTED, folder),
  )
  return found?.[1] ?? ZIP
}

function names(text: string, [mark, offset]: typeof ENTRY | typeof LISTED, folder: string) {
  for (let at = text.indexOf(folder); at >= 0; at = text.indexOf(folder, at + 1))
    if (text.startsWith(mark, at - offset)) return true
  return false
}

function readable(bytes: Uint8Array): Content | undefined {
  const head = utf8(bytes)
  if (head === undefined || hasControls(head)) return
  const end = bytes.length > LOOK ? characters(bytes.subarray(-END)) : ''
  const whole = (head + end).trim()
  const form = FORMS.find(([, ...patterns]) => patterns.every((pattern) => pattern.test(whole)))
  return form?.[0] ?? PLAIN
}

const END = 64

/** The beginning of a text; undefined where it is none. */
function utf8(bytes: Uint8Array): string | undefined {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  try {
    // The last character may be cut.
    return decoder.decode(bytes.subarray(0, LOOK), { stream: bytes.length > LOOK })
  } catch {
    return undefined
  }
}

/** What no text has; tabs, line and page ends and the escapes of terminals are no such. */
function hasControls(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code < 0x20 && !(code >= 0x09 && code <= 0x0d) && code !== 0x1b) return true
  }
  return false
}

/** Each byte as the character of its number. */
function characters(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += PIECE)
    text += String.fromCharCode(...bytes.subarray(at, at + PIECE))
  return text
}

const PIECE = 8_192
