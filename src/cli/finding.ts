/** What `groxy doctor` has found out about one thing. */
export interface Finding {
  readonly ok: boolean
  readonly line: string
}

export const good = (line: string): Finding => ({ ok: true, line: `✓ ${line}` })

export const bad = (line: string, remedy: string): Finding => ({
  ok: false,
  line: `✗ ${line}\n  ${remedy}`,
})
