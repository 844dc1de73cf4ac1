import { readFileSync } from 'node:fs'

/** What a person types without its being seen; or else, in scripts, the standard input. */
export async function readSecretInput(prompt: string): Promise<string> {
  const { stdin, stderr } = process
  if (!stdin.isTTY) return readFileSync(0, 'utf8').replace(/\r?\n$/, '')
  stderr.write(prompt)
  stdin.setRawMode(true)
  stdin.resume()
  const decoder = new TextDecoder()
  let typed = ''
  try {
    for await (const bytes of stdin as AsyncIterable<Uint8Array>)
      for (const sign of decoder.decode(bytes, { stream: true })) {
        if (sign === '\r' || sign === '\n') return typed
        if (sign === '\u0003' || sign === '\u0004') return ''
        typed = sign === '\u007f' || sign === '\b' ? [...typed].slice(0, -1).join('') : typed + sign
      }
    return typed
  } finally {
    stdin.setRawMode(false)
    stdin.pause()
    stderr.write('\n')
  }
}
