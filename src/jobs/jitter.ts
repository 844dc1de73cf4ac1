/**
 * A tenth more or less, so that instances and accounts drift apart.
 *
 * @param random a number from 0 to 1, not including 1
 */
export const jittered = (ms: number, random: () => number): number => ms * (0.9 + 0.2 * random())
