/** A key of programs, which gateways in tests are told of by their environment. */
export const KEY = 'sk-groxy-test-0123456789'
