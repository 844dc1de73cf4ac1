import { backgroundSuite } from './areas/background'
import { chatSuite } from './areas/chat'
import { conversationsSuite } from './areas/conversations'
import { healthSuite } from './areas/health'
import { modelsSuite } from './areas/models'
import { responsesSuite } from './areas/responses'
import { socketsSuite } from './areas/sockets'
import { storedChatSuite } from './areas/stored-chat'
import type { Target } from './world'

/** Everything that is asked of every target. */
export const AREAS: Readonly<Record<string, (target: Target) => void>> = {
  'what is open to all': healthSuite,
  models: modelsSuite,
  chat: chatSuite,
  'stored chat': storedChatSuite,
  responses: responsesSuite,
  'responses in the background': backgroundSuite,
  'the socket of responses': socketsSuite,
  conversations: conversationsSuite,
}
