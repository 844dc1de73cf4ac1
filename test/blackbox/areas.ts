import { chatSuite } from './areas/chat'
import { healthSuite } from './areas/health'
import { modelsSuite } from './areas/models'
import type { Target } from './world'

/** Everything that is asked of every target. */
export const AREAS: Readonly<Record<string, (target: Target) => void>> = {
  'what is open to all': healthSuite,
  models: modelsSuite,
  chat: chatSuite,
}
