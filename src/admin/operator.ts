/** Who makes a change, as the audit log names them. */
export interface Operator {
  readonly by: 'session' | 'token' | 'set-up' | 'stranger'
  /** The id of the session or token. */
  readonly id: string
  /** `session 3f2a9c01`, `token deploy`. */
  readonly name: string
  /** From where, as far as that is known. */
  readonly address: string | undefined
}
