import { adminAccessSuite } from './areas/admin-access'
import { adminAccountsSuite } from './areas/admin-accounts'
import { adminKeysSuite } from './areas/admin-keys'
import { adminSystemSuite } from './areas/admin-system'
import { adminTrafficSuite } from './areas/admin-traffic'
import { aliasesSuite } from './areas/aliases'
import { backgroundSuite } from './areas/background'
import { chatSuite } from './areas/chat'
import { conversationsSuite } from './areas/conversations'
import { embeddingsSuite } from './areas/embeddings'
import { faultsSuite } from './areas/faults'
import { filesSuite } from './areas/files'
import { healthSuite } from './areas/health'
import { imagesSuite } from './areas/images'
import { keysSuite } from './areas/keys'
import { modelsSuite } from './areas/models'
import { pagesSuite } from './areas/pages'
import { passThroughSuite } from './areas/pass-through'
import { responsesSuite } from './areas/responses'
import { sdkSuite } from './areas/sdk'
import { socketsSuite } from './areas/sockets'
import { storedChatSuite } from './areas/stored-chat'
import { videosSuite } from './areas/videos'
import { webSuite } from './areas/web'
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
  embeddings: embeddingsSuite,
  pictures: imagesSuite,
  videos: videosSuite,
  files: filesSuite,
  'a session of grok.com': webSuite,
  'pass-through': passThroughSuite,
  'what keys may': keysSuite,
  'upstreams that fail': faultsSuite,
  aliases: aliasesSuite,
  'how the operator comes in': adminAccessSuite,
  'the accounts of the operator': adminAccountsSuite,
  'the keys of the operator': adminKeysSuite,
  'the system of the operator': adminSystemSuite,
  'the log of the operator': adminTrafficSuite,
  'the pages of the operator': pagesSuite,
  "OpenAI's SDK": sdkSuite,
}
