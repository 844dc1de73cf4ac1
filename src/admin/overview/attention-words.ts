import { words } from '../words'

const some = (count: string, one: string, more: string): string =>
  `${count} ${count === '1' ? one : more}`

/** What needs attention: `count` of it, and whom or what it is about. */
export const attentionTitles = words(
  {
    no_account: () => 'There is no account yet: the demo model answers.',
    no_password: () => 'No password is set.',
    database_away: () => 'The database does not answer.',
    database_slow: (count: string) => `The database is slow: it took ${count} ms to answer.`,
    ledger_waiting: (count: string) =>
      `${some(count, 'request waits', 'requests wait')} to be written down.`,
    ledger_dropped: (count: string) =>
      `${some(count, 'request is', 'requests are')} not in the log, only in the sums.`,
    none_ready: (_: string, about: string) => `No account of kind ${about} can take requests now.`,
    expired: (count: string, about: string) =>
      `${some(count, 'account', 'accounts')} expired (${about})`,
    disabled: (count: string, about: string) =>
      `${some(count, 'account', 'accounts')} blocked by the upstream (${about})`,
    suspect: (count: string, about: string) =>
      `${some(count, 'account', 'accounts')} in doubt (${about})`,
    exhausted: (count: string, about: string) =>
      `${some(count, 'account', 'accounts')} with a used-up quota (${about})`,
    down: (count: string, about: string) =>
      `The upstream of ${some(count, 'account', 'accounts')} is down (${about})`,
    challenge: (count: string) =>
      `An upstream's edge wanted to see a browser, ${some(count, 'time', 'times')} within an hour.`,
    anti_bot: (count: string) =>
      `grok.com's rules against programs refused ${some(count, 'request', 'requests')} within an hour.`,
    proxy: (count: string) => `A proxy failed ${some(count, 'time', 'times')} within an hour.`,
    errors: (count: string, about: string) =>
      `${about || 'No code'}: ${some(count, 'request', 'requests')} failed within an hour.`,
    keys_spent: (count: string, about: string) =>
      `${some(count, 'key has', 'keys have')} used up a limit: ${about}`,
    keys_nearly: (count: string, about: string) =>
      `${some(count, 'key is', 'keys are')} close to a limit: ${about}`,
    keys_expired: (count: string, about: string) =>
      `${some(count, 'key has', 'keys have')} expired lately: ${about}`,
    keys_expiring: (count: string, about: string) =>
      `${some(count, 'key expires', 'keys expire')} within 7 days: ${about}`,
    job_failed: (_: string, about: string) => `Background work did not end well: ${about}`,
  },
  {
    no_account: () => '还没有账号：目前由演示模型回答。',
    no_password: () => '尚未设置密码。',
    database_away: () => '数据库没有响应。',
    database_slow: (count: string) => `数据库较慢：响应用了 ${count} 毫秒。`,
    ledger_waiting: (count: string) => `${count} 条请求等待写入。`,
    ledger_dropped: (count: string) => `${count} 条请求没有写入日志，只计入累计数据。`,
    none_ready: (_: string, about: string) => `类型 ${about} 目前没有可用的账号。`,
    expired: (count: string, about: string) => `${count} 个账号已失效（${about}）`,
    disabled: (count: string, about: string) => `${count} 个账号被上游封禁（${about}）`,
    suspect: (count: string, about: string) => `${count} 个账号待确认（${about}）`,
    exhausted: (count: string, about: string) => `${count} 个账号额度已用尽（${about}）`,
    down: (count: string, about: string) => `${count} 个账号的上游不可达（${about}）`,
    challenge: (count: string) => `上游的边缘节点要求浏览器验证，一小时内 ${count} 次。`,
    anti_bot: (count: string) => `grok.com 的反机器人规则在一小时内拒绝了 ${count} 次请求。`,
    proxy: (count: string) => `代理在一小时内出错 ${count} 次。`,
    errors: (count: string, about: string) =>
      `${about || '无错误代码'}：一小时内 ${count} 次请求失败。`,
    keys_spent: (count: string, about: string) => `${count} 个密钥已用完某项限额：${about}`,
    keys_nearly: (count: string, about: string) => `${count} 个密钥接近限额：${about}`,
    keys_expired: (count: string, about: string) => `${count} 个密钥最近已过期：${about}`,
    keys_expiring: (count: string, about: string) => `${count} 个密钥将在 7 天内过期：${about}`,
    job_failed: (_: string, about: string) => `后台任务未正常结束：${about}`,
  },
)

/** What to do about it. */
export const attentionAdvice = words(
  {
    no_account: 'Add one: paste an API key, a session or a file.',
    no_password: 'Open the set-up link that the server printed, and choose one.',
    database_away:
      'See whether its server runs and has room. Requests go on meanwhile; the log waits in memory.',
    database_slow:
      'Pages and new sessions wait for it; requests do not. See how busy its server is, or move it closer.',
    ledger_waiting: 'The database does not keep up, or is away. Nothing is lost yet.',
    ledger_dropped: 'The database was away for long. Costs and counts are right all the same.',
    none_ready: 'See why they rest, clear what is held against them, or add others.',
    expired: 'Log in there again and replace the secret, or delete them.',
    disabled: 'Look at the account at its upstream; nothing helps from here.',
    suspect: 'They are asked again by themselves. Test them to know at once.',
    exhausted: 'They come back when their quota does. Add accounts, or wait.',
    down: 'Nobody is to blame here. It is tried again by itself; see the status page of the upstream.',
    challenge:
      'This is your egress, not your accounts: use another address or proxy, or supply what your browser sends (cf_clearance, user agent).',
    anti_bot:
      'This is how and from where you ask, not your accounts: supply what your browser sends, or use another address or proxy.',
    proxy: 'See whether the proxy runs, and whether its address and password are right.',
    errors: 'Look at the requests: each shows every attempt and what the upstream said.',
    keys_spent:
      'Their programs are refused until the window ends. Raise the limit if that is not meant.',
    keys_nearly: 'Raise the limit, or tell whoever uses them.',
    keys_expired: 'Their programs are refused. Give them another end, or make new ones.',
    keys_expiring: 'Give them another end, or tell whoever uses them.',
    job_failed: 'It is tried again by itself. The log says more.',
  },
  {
    no_account: '请添加账号：粘贴 API 密钥、会话或文件即可。',
    no_password: '请打开服务器启动时打印的设置链接并设置密码。',
    database_away: '请检查数据库服务器是否运行、磁盘是否有空间。请求仍可继续，日志暂存在内存中。',
    database_slow: '页面和新会话会等待数据库，请求不会。请检查其负载，或让它离网关更近。',
    ledger_waiting: '数据库跟不上或没有响应。目前没有丢失数据。',
    ledger_dropped: '数据库曾长时间没有响应。费用和计数仍然准确。',
    none_ready: '请查看暂停原因，清除其状态，或添加其他账号。',
    expired: '请重新登录并更换凭证，或删除这些账号。',
    disabled: '请到上游查看账号，在这里无法处理。',
    suspect: '系统会自动再次确认。也可以立即测试。',
    exhausted: '额度恢复后会自动可用。可以添加账号或等待。',
    down: '不是这里的问题。系统会自动重试；请查看上游的状态页面。',
    challenge:
      '这是您的出口网络的问题，不是账号的问题：请更换地址或代理，或提供浏览器发送的内容（cf_clearance、User-Agent）。',
    anti_bot: '这与请求方式和出口有关，不是账号的问题：请提供浏览器发送的内容，或更换地址或代理。',
    proxy: '请检查代理是否运行，地址和密码是否正确。',
    errors: '请查看这些请求：其中列出每次尝试和上游的原话。',
    keys_spent: '使用它们的程序在窗口结束前会被拒绝。如非本意，请提高限额。',
    keys_nearly: '请提高限额，或通知使用者。',
    keys_expired: '使用它们的程序会被拒绝。请延长有效期或新建密钥。',
    keys_expiring: '请延长有效期，或通知使用者。',
    job_failed: '系统会自动重试。日志中有更多信息。',
  },
)
