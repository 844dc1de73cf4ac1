import { ANTI_BOT, BLOCKED_ACCOUNT, IMAGINE_LIMIT, NO_PICTURE } from '../upstream/fault'
import type { Rule } from './rule'

const HOUR_MS = 3_600_000

/** A 429 of grok.com is about one quota, of which something may be left all the same. */
const LIMIT = {
  kind: 'web',
  fault: 'refused',
  culprit: 'quota',
  effect: 'cooling',
  restMs: HOUR_MS,
  dryRestMs: 10 * HOUR_MS,
  elsewhere: true,
  again: true,
  answer: 'limited',
} as const satisfies Omit<Rule, 'name'>

/** In which ways grok.com refuses a session that no other upstream knows; what they share is not here. */
export const WEB_RULES: readonly Rule[] = [
  {
    name: 'words in place of a picture, which a client may have put in its mouth',
    kind: 'web',
    fault: 'refused',
    says: new RegExp(`^${NO_PICTURE}$`),
    culprit: 'client',
    effect: 'none',
    elsewhere: false,
    refusal: 'moderation',
    answer: 'words',
  },
  {
    name: "grok.com's rules against programs, which are about our way there and not about the session",
    kind: 'web',
    fault: 'refused',
    says: new RegExp(`^${ANTI_BOT}$`),
    culprit: 'egress',
    effect: 'none',
    elsewhere: true,
    answer: 'barred',
  },
  {
    name: 'a session that grok.com has locked out',
    kind: 'web',
    fault: 'refused',
    says: BLOCKED_ACCOUNT,
    culprit: 'account',
    effect: 'suspect',
    elsewhere: true,
    answer: 'ours',
  },
  {
    name: 'what grok.com moderates',
    kind: 'web',
    fault: 'refused',
    says: /^content_moderated$/,
    culprit: 'client',
    effect: 'none',
    elsewhere: false,
    refusal: 'moderation',
    answer: 'words',
  },
  {
    name: "a limit of grok.com's page Imagine, beside which its chats go on",
    kind: 'web',
    fault: 'refused',
    says: new RegExp(`^${IMAGINE_LIMIT}$`),
    culprit: 'quota',
    effect: 'cooling',
    restMs: HOUR_MS,
    scope: 'endpoint',
    elsewhere: true,
    again: true,
    answer: 'limited',
  },
  { name: 'a used-up quota of grok.com', says: /^usage_limit$/, ...LIMIT },
  { name: 'a rate limit of grok.com', status: [429], ...LIMIT },
  {
    name: 'what is too long for grok.com',
    kind: 'web',
    fault: 'refused',
    status: [400, 413],
    says: /\btoo (?:long|large|big|many)\b|exceeds? .*(?:length|limit|size)/i,
    culprit: 'client',
    effect: 'none',
    elsewhere: false,
    refusal: 'context_length',
    answer: 'words',
  },
]
