/** Adds up SHA-256 over bytes that come one after the other. */
export interface Hasher {
  update(bytes: Uint8Array): void | Promise<void>
  /** In lower-case hexadecimal. */
  digest(): string | Promise<string>
}
