/** Wait by the clock, which works in every runtime. */
export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
