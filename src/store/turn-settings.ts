import Type from 'typebox'

/** Timers cannot be set for longer. */
const LONGEST_MS = 2_147_483_647

const milliseconds = (value: number, description: string) =>
  Type.Integer({ default: value, minimum: 1, maximum: LONGEST_MS, description })

/** Settings of turns: how long they take, how large they are, and how they are told. */
export const TurnSettings = {
  first_byte_timeout_ms: milliseconds(
    30_000,
    'How long a streaming upstream may take to answer at all before another account is tried.',
  ),
  idle_timeout_ms: milliseconds(120_000, 'How long an upstream may be silent within an answer.'),
  answer_timeout_ms: milliseconds(
    300_000,
    'How long an upstream may take for an answer that is not streamed before another account is tried.',
  ),
  total_timeout_ms: milliseconds(600_000, 'How long one answer may take altogether.'),
  heartbeat_ms: milliseconds(
    15_000,
    'After this much silence a stream gets a comment, so that proxies keep it open.',
  ),
  max_attempts: Type.Integer({
    default: 10,
    minimum: 1,
    maximum: 100,
    description: 'Accounts that are tried for one turn before it fails.',
  }),
  queue_timeout_ms: Type.Integer({
    default: 5_000,
    minimum: 0,
    description: 'How long a turn waits for an account while all that could serve it are busy.',
  }),
  queue_length: Type.Integer({
    default: 1_000,
    minimum: 0,
    description: 'Turns that may wait at once; more are refused.',
  }),
  retry_wait_ms: Type.Integer({
    default: 2_000,
    minimum: 0,
    description:
      'The longest Retry-After that is waited out when no other account can take the turn.',
  }),
  max_body_bytes: Type.Integer({
    default: 64 * 1024 * 1024,
    minimum: 1024,
    description: 'The largest request body that is taken.',
  }),
  body_budget_bytes: Type.Integer({
    default: 256 * 1024 * 1024,
    minimum: 1024,
    description: 'What the large request bodies in memory may weigh together; more have to wait.',
  }),
  pass_through: Type.Boolean({
    default: true,
    description: "Forward calls that bring the caller's own xAI key to xAI.",
  }),
  show_thinking: Type.Boolean({
    default: true,
    description:
      'Tell what models think, as `reasoning_content` or as reasoning summaries; a request whose reasoning effort is `none` is never told.',
  }),
  think_tags: Type.Boolean({
    default: false,
    description:
      'Chat answers think within `content`, between <think> and </think>, instead of in `reasoning_content`; of answers that come back the thoughts are left out.',
  }),
  tools_in_prompt_demo: Type.Boolean({
    default: false,
    description:
      'Describe tools to the demo models in words, as to models that have none, and find the calls in what they write.',
  }),
}
