interface SeatParts {
  readonly most: number
  /** Nobody keeps a seat for longer: on Workers whoever has one may be stopped without a word. */
  readonly forMs: number
  readonly now: () => number
}

/** A number of places to wait in. */
export function createSeats({ most, forMs, now }: SeatParts) {
  const taken = new Map<symbol, number>()

  function clear(at: number): void {
    for (const [seat, until] of taken) {
      if (until > at) return
      taken.delete(seat)
    }
  }

  return {
    /** Take a seat, to be given back by what is returned; undefined when all are taken. */
    take(): (() => void) | undefined {
      const at = now()
      if (taken.size >= most) clear(at)
      if (taken.size >= most) return
      const seat = Symbol()
      taken.set(seat, at + forMs)
      return () => void taken.delete(seat)
    },
  }
}
