/** How the next things are made, one each, and how all are that come after. */
export function createPlan<Way extends object>(usual: Way) {
  const queue: Way[] = []
  let standing = usual
  return {
    next: (): Way => queue.shift() ?? standing,
    queue: (ways: readonly Way[]): void => void queue.push(...ways),
    stand(way: Way): void {
      standing = way
    },
    clear(): void {
      queue.length = 0
      standing = usual
    },
  }
}
