/** Who runs something, and until when the others leave it alone. */
export interface Lease {
  readonly instance: string
  readonly expiresAt: number
}
