/** About how many UTF-8 bytes a text takes: every sign beyond ASCII counts as three. */
export function byteLength(text: string): number {
  let bytes = text.length
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 127) bytes += 2
  return bytes
}
