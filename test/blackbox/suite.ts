import { afterAll, afterEach, beforeAll, describe } from 'bun:test'
import { AREAS } from './areas'
import { type Fakes, startFakes } from './fakes'
import { openWorld, type World } from './world'

/** Something that answers at an address, however it runs. */
export interface Running extends AsyncDisposable {
  readonly url: string
}

const BEGIN_MS = 120_000

/** All areas against one target, started once. */
export function blackbox(name: string, start: (fakes: Fakes) => Promise<Running>): void {
  describe(name, () => {
    const stack = new AsyncDisposableStack()
    let world: World | undefined
    beforeAll(async () => {
      const fakes = stack.use(await startFakes())
      const { url } = stack.use(await start(fakes))
      world = await openWorld(url, fakes)
    }, BEGIN_MS)
    afterAll(() => stack.disposeAsync())
    afterEach(() => world?.fakes.calm())

    const target = () => {
      if (!world) throw new Error('The target did not start.')
      return world
    }
    for (const [area, suite] of Object.entries(AREAS)) describe(area, () => suite(target))
  })
}
