interface Entry<T> {
  readonly at: number
  readonly item: T
}

/** Who is to come back, and when: a binary heap, the earliest first. */
export function createReturns<T>() {
  const heap: Entry<T>[] = []

  const timeAt = (index: number): number => heap[index]?.at ?? Number.POSITIVE_INFINITY

  function swap(one: number, other: number) {
    const [a, b] = [heap[one], heap[other]]
    if (!a || !b) return
    heap[one] = b
    heap[other] = a
  }

  function sink() {
    let at = 0
    for (;;) {
      const left = 2 * at + 1
      const child = timeAt(left + 1) < timeAt(left) ? left + 1 : left
      if (timeAt(child) >= timeAt(at)) return
      swap(at, child)
      at = child
    }
  }

  return {
    add(at: number, item: T): void {
      let index = heap.push({ at, item }) - 1
      while (index > 0) {
        const parent = (index - 1) >> 1
        if (timeAt(parent) <= timeAt(index)) return
        swap(parent, index)
        index = parent
      }
    },

    /** When the next comes; infinite when there is none. */
    next: (): number => timeAt(0),

    /** The next whose time has come; undefined when there is none. */
    take(now: number): T | undefined {
      const first = heap[0]
      if (!first || first.at > now) return
      const last = heap.pop()
      if (last && heap.length > 0) {
        heap[0] = last
        sink()
      }
      return first.item
    },
  }
}
