import type { Settings } from '../../store/settings'
import { MEDIA_SETTING_WORDS } from './media-setting-words'

/** What a setting is called, and what it is for: the English of that is in the schema. */
export interface SettingWords {
  readonly en: string
  readonly zh: string
  readonly explained: string
}

/** Words for every setting. */
export const SETTING_WORDS: Readonly<Record<keyof Settings, SettingWords>> = {
  pass_through: {
    en: "Callers' own xAI keys",
    zh: '直通调用者自己的 xAI 密钥',
    explained: '调用者使用自己的 xAI 密钥时，把请求直接转发给 xAI。',
  },
  time_zone_minutes: {
    en: 'Time zone',
    zh: '时区',
    explained: '您的每一天比 UTC 提前开始的分钟数：北京时间为 480，纽约为 -300。',
  },
  show_thinking: {
    en: 'Show thinking',
    zh: '显示思考过程',
    explained:
      '以 reasoning_content 或推理摘要给出模型的思考过程；推理强度为 none 的请求始终不给出。',
  },
  think_tags: {
    en: 'Thinking between <think> tags',
    zh: '用 <think> 标签给出思考',
    explained:
      '聊天回答把思考过程写在 content 里的 <think> 与 </think> 之间，而不是 reasoning_content；客户端带回的历史回答会去掉思考部分。',
  },
  tools_in_prompt_web: {
    en: 'Tools in words for grok.com',
    zh: '用文字向 grok.com 描述工具',
    explained:
      'grok.com 只认识它自己的工具：把客户端的工具用文字写进提示词，再从它的回答中找出工具调用。',
  },
  tools_in_prompt_demo: {
    en: 'Tools in words for the demo',
    zh: '用文字向演示模型描述工具',
    explained:
      '像对待不支持工具的模型那样，用文字向演示模型描述工具，并从它写的内容中找出工具调用。',
  },
  first_byte_timeout_ms: {
    en: 'First byte of a stream',
    zh: '流式首字节超时',
    explained: '流式请求的上游最多可以多久没有任何回应，超过后改试另一个账号。',
  },
  idle_timeout_ms: {
    en: 'Silence within an answer',
    zh: '回答中途静默超时',
    explained: '上游在回答途中最多可以沉默多久。',
  },
  answer_timeout_ms: {
    en: 'Answer that is not streamed',
    zh: '非流式回答超时',
    explained: '非流式回答最多等待上游多久，超过后改试另一个账号。',
  },
  total_timeout_ms: {
    en: 'Whole answer',
    zh: '单次回答总时长',
    explained: '一次回答（包括所有重试）总共最多可以用多久。',
  },
  heartbeat_ms: {
    en: 'Heartbeat of streams',
    zh: '流式心跳间隔',
    explained: '流沉默这么久之后会发送一条注释，避免中间的代理断开连接。',
  },
  max_attempts: {
    en: 'Attempts',
    zh: '尝试次数',
    explained: '一次请求最多尝试多少个账号，全部失败才报错。',
  },
  retry_wait_ms: {
    en: 'Longest Retry-After to wait',
    zh: '最长等待的 Retry-After',
    explained: '没有其他账号可用时，上游给出的 Retry-After 不超过这个时长就等待后重试。',
  },
  queue_timeout_ms: {
    en: 'Waiting for a busy account',
    zh: '排队等待时长',
    explained: '可用账号全都繁忙时，请求最多排队等待多久。',
  },
  queue_length: {
    en: 'Turns that may wait',
    zh: '排队上限',
    explained: '最多允许多少个请求同时排队，超出的会被拒绝。',
  },
  max_body_bytes: {
    en: 'Largest request',
    zh: '请求体上限',
    explained: '接受的最大请求体。',
  },
  body_budget_bytes: {
    en: 'Memory for large requests',
    zh: '大请求内存预算',
    explained: '内存中的大请求体合计最多占用多少，超出的需要等待。',
  },
  fetch_max_bytes: {
    en: 'Largest fetched file',
    zh: '可下载文件上限',
    explained: '请求中以网址给出的图片或文件，单个最大多少。',
  },
  fetch_timeout_ms: {
    en: 'Time to fetch a file',
    zh: '下载文件超时',
    explained: '下载一个这样的文件最多用多久（包括重定向）。',
  },
  uploads_at_once: {
    en: 'Files side by side',
    zh: '文件并行数',
    explained: '一次请求中同时下载或上传多少个图片和文件。',
  },
  priority_xai: {
    en: 'Priority of xAI accounts',
    zh: 'xai 账号优先级',
    explained: '多种账号都能提供同一模型时，数字小的先用。',
  },
  priority_openai: {
    en: 'Priority of OpenAI-compatible accounts',
    zh: 'openai 账号优先级',
    explained: '同上，用于 openai 账号。',
  },
  priority_web: {
    en: 'Priority of grok.com sessions',
    zh: 'web 账号优先级',
    explained: '同上，用于 grok.com 会话（web 账号）。',
  },
  priority_demo: {
    en: 'Priority of the demo account',
    zh: '演示账号优先级',
    explained: '同上，用于演示账号。',
  },
  model_refresh: {
    en: 'Refresh of model lists',
    zh: '自动刷新模型列表',
    explained: '在后台向各账号的上游查询模型列表。',
  },
  model_refresh_minutes: {
    en: 'Age of a model list',
    zh: '模型列表有效期',
    explained: '账号的模型列表超过这个时间就重新查询。',
  },
  account_check: {
    en: 'Check of refused accounts',
    zh: '复查被拒账号',
    explained: '账号被上游拒绝后再确认一次，然后才判定为已失效。',
  },
  quota_refresh: {
    en: 'Refresh of quotas',
    zh: '自动刷新额度',
    explained: '向 grok.com 查询剩余额度：首次使用时、请求之后，以及额度用尽期间。',
  },
  quota_refresh_hours: {
    en: 'Refresh for basic sessions',
    zh: '普通会话额度刷新间隔',
    explained: '因额度不足而休息的会话，每隔多久查询一次。',
  },
  quota_refresh_super_hours: {
    en: 'Refresh for super and heavy sessions',
    zh: 'Super / Heavy 会话额度刷新间隔',
    explained: '同上，用于 super 和 heavy 会话。',
  },
  proxy_xai: {
    en: 'Proxy of xAI accounts',
    zh: 'xai 账号代理',
    explained: '没有单独设置代理的 xai 账号使用的 HTTP(S) 代理。',
  },
  proxy_openai: {
    en: 'Proxy of OpenAI-compatible accounts',
    zh: 'openai 账号代理',
    explained: '同上，用于 openai 账号。',
  },
  proxy_web: {
    en: 'Proxy of grok.com sessions',
    zh: 'web 账号代理',
    explained: '同上，用于 grok.com 会话（web 账号）。',
  },
  web_request: {
    en: 'Dialect of grok.com',
    zh: 'grok.com 请求格式',
    explained:
      '向 grok.com 提问的方式：g1 和 g2 指定模型及其模式；g3 只指定模式，并按模式计算额度。',
  },
  web_temporary: {
    en: 'Temporary conversations',
    zh: '临时会话',
    explained: '让 grok.com 不把对话保存到该会话的历史记录中。',
  },
  web_filtered_tags: {
    en: 'Filtered tags',
    zh: '过滤标签',
    explained: '从 grok.com 的回答中去掉的标签。xaiartifact 会保留内容，其他标签连同内容一起去掉。',
  },
  web_user_agent: {
    en: 'User-Agent',
    zh: 'User-Agent',
    explained: '所有会话请求 grok.com 时使用的 User-Agent。',
  },
  web_x_statsig_id: {
    en: 'x-statsig-id',
    zh: 'x-statsig-id',
    explained: '您自己的 x-statsig-id 请求头的值，用于所有会话：Groxy 不会生成它。',
  },
  web_cf_clearance: {
    en: 'cf_clearance',
    zh: 'cf_clearance',
    explained:
      '您自己浏览器的 cf_clearance Cookie，用于所有会话：只对该浏览器的 IP 地址和 User-Agent 有效。',
  },
  web_cookies: {
    en: 'More cookies',
    zh: '更多 Cookie',
    explained: '用于所有会话的其他 Cookie：name=value; name=value',
  },
  web_headers: {
    en: 'More headers',
    zh: '更多请求头',
    explained: '用于所有会话的其他请求头：Name: value，每行一个。',
  },
  cleaning: {
    en: 'Cleaning',
    zh: '自动清理',
    explained: '删除超过以下保留期限的数据。',
  },
  ledger_days: {
    en: 'Days of requests',
    zh: '请求记录保留天数',
    explained: '请求记录保留多久；按小时的汇总保留一年。',
  },
  ledger_rows: {
    en: 'Requests at most',
    zh: '请求记录上限',
    explained: '最多保留多少条请求记录。',
  },
  audit_days: {
    en: 'Days of the audit log',
    zh: '审计日志保留天数',
    explained: '谁改了什么的记录保留多久；失败的登录不超过 30 天。',
  },
  keep_content_days: {
    en: 'Days of contents',
    zh: '请求内容保留天数',
    explained: '请求和回答的原文保留多久；0 表示不保留。',
  },
  stored_days: {
    en: 'Days of stored responses',
    zh: '存储的响应保留天数',
    explained: '响应和补全从生成起、会话从最后使用起保留多久。',
  },
  stored_bytes: {
    en: 'Weight of stored responses',
    zh: '存储的响应总量上限',
    explained: '它们合计最多占用多少，最旧的先删除。',
  },
  stored_response_bytes: {
    en: 'Largest stored response',
    zh: '单个存储响应上限',
    explained: '可以存储的最大响应和最大补全。',
  },
  ...MEDIA_SETTING_WORDS,
}
