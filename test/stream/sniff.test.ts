import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { sniff } from '#src/stream/sniff'
import { ownClock } from '../support/own-clock'

const utf8 = new TextEncoder()
const text = (it: string) => utf8.encode(it)
/** Hexadecimal digits, and letters between quotation marks. */
const bytes = (it: string) =>
  Uint8Array.from(
    [...it.matchAll(/"([^"]*)"|([\da-f]{2})/g)].flatMap(([, letters, digits = '']) =>
      letters === undefined ? [Number.parseInt(digits, 16)] : [...utf8.encode(letters)],
    ),
  )
const filled = (it: string, size = 2_000) => {
  const head = bytes(it)
  const whole = new Uint8Array(size)
  whole.set(head)
  return whole
}

/** An archive of files that are stored as they are. */
function zip(files: Readonly<Record<string, string>>, isListedOnly = false) {
  const number = (value: number, length: number) =>
    Array.from({ length }, (_, at) => (value >> (at * 8)) & 0xff)
  const local: number[] = []
  const listed: number[] = []
  for (const [name, content] of Object.entries(files)) {
    const sizes = [...number(0, 4), ...number(content.length, 4), ...number(content.length, 4)]
    const common = [...number(20, 2), ...number(0, 8), ...sizes, ...number(name.length, 2)]
    const shown = isListedOnly ? '*'.repeat(name.length) : name
    listed.push(...bytes('"PK"0102'), ...number(20, 2), ...common, ...number(0, 16), ...text(name))
    local.push(...bytes('"PK"0304'), ...common, ...number(0, 2), ...text(shown), ...text(content))
  }
  return Uint8Array.from([...local, ...listed, ...bytes('"PK"0506'), ...number(0, 18)])
}

const office = (folder: string) => ({
  '[Content_Types].xml': '<Types/>',
  '_rels/.rels': '<Relationships/>',
  [`${folder}/document.xml`]: '<document/>',
})
const OFFICE = 'application/vnd.openxmlformats-officedocument'

describe('what is known by its bytes', () => {
  test.each<[string, string, string, Uint8Array]>([
    ['image/png', 'png', 'image', filled('89"PNG"0d0a1a0a')],
    ['image/jpeg', 'jpg', 'image', filled('ffd8ffe00010"JFIF"')],
    ['image/jpeg', 'jpg', 'image', filled('ffd8ffdb')],
    ['image/gif', 'gif', 'image', filled('"GIF89a"')],
    ['image/gif', 'gif', 'image', filled('"GIF87a"')],
    ['image/webp', 'webp', 'image', filled('"RIFF"00010000"WEBPVP8 "')],
    ['image/avif', 'avif', 'image', filled('00000020"ftypavif"00000000"avifmif1"')],
    ['image/avif', 'avif', 'image', filled('00000020"ftypavis"00000000"avismsf1"')],
    ['image/avif', 'avif', 'image', filled('0000001c"ftypmif1"00000000"mif1avif"')],
    ['image/heic', 'heic', 'image', filled('00000018"ftypheic"00000000"mif1heic"')],
    ['image/heic', 'heic', 'image', filled('00000018"ftypmif1"00000000"mif1heic"')],
    ['image/bmp', 'bmp', 'image', filled('"BM"36000c00000000003600000028000000')],
    ['image/tiff', 'tiff', 'image', filled('"II"2a0008000000')],
    ['image/tiff', 'tiff', 'image', filled('"MM"002a00000008')],
    ['application/pdf', 'pdf', 'document', text('%PDF-1.7\n%âãÏÓ\n1 0 obj')],
    ['application/rtf', 'rtf', 'document', text('{\\rtf1\\ansi Hello}')],
    ['application/zip', 'zip', 'document', zip({ 'a.txt': 'word/ xl/ ppt/' })],
    [`${OFFICE}.wordprocessingml.document`, 'docx', 'document', zip(office('word'))],
    [`${OFFICE}.wordprocessingml.document`, 'docx', 'document', zip(office('word'), true)],
    [`${OFFICE}.spreadsheetml.sheet`, 'xlsx', 'document', zip(office('xl'))],
    [`${OFFICE}.presentationml.presentation`, 'pptx', 'document', zip(office('ppt'))],
    [
      ...(['application/epub+zip', 'epub', 'document'] as const),
      zip({ mimetype: 'application/epub+zip', 'META-INF/container.xml': '<container/>' }),
    ],
    [
      ...(['application/vnd.oasis.opendocument.text', 'odt', 'document'] as const),
      zip({ mimetype: 'application/vnd.oasis.opendocument.text', 'content.xml': '<x/>' }),
    ],
    ['video/mp4', 'mp4', 'video', filled('00000020"ftypisom"00000200"isomiso2avc1mp41"')],
    ['video/mp4', 'mp4', 'video', filled('00000018"ftypmp42"00000000"mp42isom"')],
    ['video/3gpp', '3gp', 'video', filled('00000018"ftyp3gp5"')],
    ['video/quicktime', 'mov', 'video', filled('00000014"ftypqt  "00000000"qt  "')],
    ['video/quicktime', 'mov', 'video', filled('00000008"wide"0000ffff"mdat"')],
    [
      'video/webm',
      'webm',
      'video',
      filled('1a45dfa39f4286810142f7810142f2810442f381084282847765626d'),
    ],
    [
      'video/x-matroska',
      'mkv',
      'video',
      filled('1a45dfa3a34286810142f7810142f2810442f38108428288"matroska"'),
    ],
    ['video/x-msvideo', 'avi', 'video', filled('"RIFF"00010000"AVI LIST"')],
    ['video/ogg', 'ogv', 'video', filled(`"OggS"0002${'00'.repeat(22)}80"theora"`)],
    ['audio/ogg', 'ogg', 'audio', filled(`"OggS"0002${'00'.repeat(22)}01"vorbis"`)],
    ['audio/ogg', 'ogg', 'audio', filled(`"OggS"0002${'00'.repeat(22)}"OpusHead"`)],
    ['audio/wav', 'wav', 'audio', filled('"RIFF"00010000"WAVEfmt "')],
    ['audio/flac', 'flac', 'audio', filled('"fLaC"00000022')],
    ['audio/mpeg', 'mp3', 'audio', filled('"ID3"0400000000')],
    ['audio/mpeg', 'mp3', 'audio', filled('fffb9064')],
    ['audio/mpeg', 'mp3', 'audio', filled('fff38064')],
    ['audio/aac', 'aac', 'audio', filled('fff15080')],
    ['audio/mp4', 'm4a', 'audio', filled('00000020"ftypM4A "00000200"M4A mp42isom"')],
  ])('%s (%s)', (mime, extension, sort, content) => {
    expect(sniff(content)).toEqual({ mime, extension, sort } as never)
  })
})

describe('text', () => {
  const long = 'x'.repeat(200_000)
  test.each([
    ['text/plain', 'txt', 'Hello there'],
    ['text/plain', 'txt', '界'.repeat(50_000)],
    ['text/plain', 'txt', '\u001b[31mred\u001b[0m\tend\r\n\f'],
    ['text/plain', 'txt', 'name,age\nAda,36\n'],
    ['text/plain', 'txt', '# Title\n\n[a link](https://example.com)'],
    ['text/plain', 'txt', '[1] is not [2]'],
    ['text/plain', 'txt', '{ this is code }'],
    ['text/plain', 'txt', 'BM, II and MM are letters, ID3 and RIFF, too, and so is PK'],
    ['text/plain', 'txt', 'RIFFraffWEB'],
    ['text/plain', 'txt', '<script>alert(1)</script>'],
    ['application/json', 'json', '{"a": 1}'],
    ['application/json', 'json', ' \n[\n  {"a": 1}\n]\n'],
    ['application/json', 'json', '{}'],
    ['application/json', 'json', '[1, 2]'],
    ['application/json', 'json', `{"a": "${long}"}\n`],
    ['text/plain', 'txt', `{"a": "${long}"`],
    ['text/html', 'html', '<!DOCTYPE html><html></html>'],
    ['text/html', 'html', '\ufeff<!-- a -->\n<!-- b --><html lang="en">'],
    ['image/svg+xml', 'svg', '<svg xmlns="http://www.w3.org/2000/svg"/>'],
    [
      'image/svg+xml',
      'svg',
      '<?xml version="1.0"?>\n<!-- a -->\n<!DOCTYPE svg PUBLIC "a" "b" [<!ENTITY c "d">]>\n<svg>',
    ],
    ['application/xml', 'xml', '<?xml version="1.0"?><feed/>'],
  ])('%s (%s)', (mime, extension, content) => {
    expect(sniff(text(content))).toEqual({ mime, extension, sort: 'text' })
  })

  test('that tries patience is looked at in no time', () => {
    using clock = ownClock()
    const begun = clock.now()
    expect(sniff(text('<!-- -->'.repeat(20_000)))?.mime).toBe('text/plain')
    expect(sniff(text(`<?xml ${'<'.repeat(200_000)}`))?.mime).toBe('application/xml')
    expect(sniff(text(`[${'1'.repeat(200_000)}`))?.mime).toBe('text/plain')
    expect(clock.now() - begun).toBeLessThan(500)
  })

  test('of any kind is some text', () =>
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (it) => {
        const { sort } = sniff(text(`say: ${it.replace(/\p{Cc}/gu, '')}`)) ?? {}
        expect(sort).toBe('text')
      }),
    ))
})

describe('what is nothing we know', () => {
  test.each([
    ['nothing', new Uint8Array()],
    ['zeros', new Uint8Array(100)],
    ['a character that is cut at the end', text('界').subarray(0, 2)],
    ['Latin-1', bytes('"caf"e9" au lait"')],
    ['UTF-16', bytes('fffe48006900')],
    ['a program', filled('7f"ELF"020101')],
    ['controls in a text', text('a\u0001b')],
  ])('%s', (_, content) => expect(sniff(content)).toBeUndefined())

  test('whatever comes, it is said without a failure', () =>
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (it) => void sniff(it))))
})
