import Type from 'typebox'

/** Settings of grok.com sessions, and of the pictures and files that turns bring along. */
export const WebSettings = {
  web_request: Type.Enum(['g1', 'g2', 'g3'], {
    default: 'g2',
    description:
      'How grok.com is asked: g1 and g2 name a model and its mode, g3 names a mode only and counts quotas by mode.',
  }),
  web_temporary: Type.Boolean({
    default: true,
    description: 'Ask grok.com to keep conversations out of the history of the session.',
  }),
  web_filtered_tags: Type.String({
    default: 'xaiartifact, xai:tool_usage_card, grok:render',
    description:
      "Tags that are taken out of grok.com's answers. Of xaiartifact the content stays, of others nothing.",
  }),
  web_x_statsig_id: Type.String({
    default: '',
    description:
      'Your own value of the header x-statsig-id, for all sessions: Groxy makes none up.',
  }),
  web_cf_clearance: Type.String({
    default: '',
    description:
      "The cookie cf_clearance of your own browser, for all sessions: it is good for the browser's address and User-Agent only.",
  }),
  web_user_agent: Type.String({
    default: '',
    description: 'The User-Agent that calls of grok.com name, for all sessions.',
  }),
  web_cookies: Type.String({
    default: '',
    description: 'More cookies of yours for all sessions: name=value; name=value',
  }),
  web_headers: Type.String({
    default: '',
    description: 'More headers of yours for all sessions: Name: value, one on a line.',
  }),
  tools_in_prompt_web: Type.Boolean({
    default: true,
    description:
      "Describe a program's tools to grok.com in words, and find the calls in what it writes; it knows no tools but its own.",
  }),
  quota_refresh: Type.Boolean({
    default: true,
    description:
      'Ask grok.com what is left of quotas: on first use, after turns, and while they are used up.',
  }),
  quota_refresh_hours: Type.Integer({
    default: 8,
    minimum: 1,
    description: 'How often it is asked about sessions that rest for lack of quota.',
  }),
  quota_refresh_super_hours: Type.Integer({
    default: 2,
    minimum: 1,
    description: 'The same for super and heavy sessions.',
  }),
  uploads_at_once: Type.Integer({
    default: 5,
    minimum: 1,
    maximum: 50,
    description: 'Pictures and files of one turn that are fetched or uploaded at the same time.',
  }),
  fetch_max_bytes: Type.Integer({
    default: 25 * 1024 * 1024,
    minimum: 1024,
    description: 'The largest picture or file that is fetched from an address in a request.',
  }),
  fetch_timeout_ms: Type.Integer({
    default: 15_000,
    minimum: 1,
    description: 'How long fetching one may take, redirects included.',
  }),
  image_format: Type.Enum(['url', 'base64'], {
    default: 'url',
    description: 'How pictures stand in a chat: by their address, or whole as a data: URL.',
  }),
  video_format: Type.Enum(['html', 'url'], {
    default: 'html',
    description: 'How videos stand in a chat: as a player, or by their address.',
  }),
}
