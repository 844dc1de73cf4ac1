import type { View } from '../view'

/** How people sign in and copy what a session is. */
const COPY_SESSION =
  '请登录 grok.com，从浏览器的开发者工具中复制名为“sso”的 Cookie 的值，或复制整行 Cookie。'

/**
 * What the readers of pasted things and the checks of fields say, sentence by sentence. They say it in English
 * to programs and on the command line, too.
 */
const CHINESE: readonly (readonly [said: string | RegExp, chinese: string])[] = [
  ['The session is empty.', '会话内容为空。'],
  ['That is more than one line.', '内容不止一行。'],
  ['Several sessions are taken by: groxy accounts import FILE', '多个会话请使用“导入账号”。'],
  ['That is too long for a session.', '内容过长，不是会话。'],
  ['There is no cookie "sso" in it.', '其中没有名为“sso”的 Cookie。'],
  ['Its cookies sso and sso-rw are not the same.', '其中的 sso 与 sso-rw 两个 Cookie 不一致。'],
  ['That was cut short: there is "…" in it.', '内容不完整：其中含有“…”。'],
  ['There is a space in it.', '其中含有空格。'],
  ['There is a sign in it that no session has.', '其中含有会话不会有的字符。'],
  [
    'Sign in at grok.com, and copy the value of the cookie "sso" from the developer tools of your browser, or the whole line of cookies.',
    COPY_SESSION,
  ],
  ['A quote in it is not closed, or not where a field ends.', '引号没有闭合，或不在字段的结尾处。'],
  [
    'Its second field is no tier: basic, super, heavy or unknown.',
    '第二个字段不是套餐：应为 basic、super、heavy 或 unknown。',
  ],
  ['It is of a kind that Groxy does not know.', 'Groxy 不认识这种账号类型。'],
  [
    'It has no secret, or one with spaces or control signs.',
    '没有密钥，或密钥含有空格或控制字符。',
  ],
  ['Its base_url is no web address.', 'base_url 不是有效的网址。'],
  [/"([^"]*)" is no pool that Groxy knows\./, 'Groxy 不认识名为“$1”的账号池。'],
  ['That is neither a session nor a record of one.', '这既不是会话，也不是会话的记录。'],
  ['That begins as JSON does, but is none.', '内容以 JSON 的形式开头，但不是有效的 JSON。'],
  ['See whether it was cut off, or changed by hand.', '请检查内容是否被截断或改动过。'],
  ['It is no JSON.', '不是有效的 JSON。'],
  [
    'It needs a proxy, and Cloudflare Workers have none.',
    '它需要代理，而 Cloudflare Workers 不支持代理。',
  ],
  [/Added without (.+)\.$/, '已添加，但以下内容未能保留：$1。'],
  [
    'That is a key of Groxy itself, which programs present to it.',
    '这是 Groxy 自己的密钥，供程序访问 Groxy 使用。',
  ],
  ['Paste what an upstream has given you.', '请粘贴上游服务提供的密钥。'],
  [
    'That stands for a key, and is none: it was cut short, or names a variable.',
    '这只是密钥的占位内容：可能被截断，或是变量名。',
  ],
  ['Paste the key itself.', '请粘贴密钥本身。'],
  [
    'It could be a key of several providers, and must not be shown to the wrong one.',
    '无法确定它属于哪家服务，不能发给错误的一方。',
  ],
  [
    'Paste its base URL beside it, such as https://host/v1.',
    '请同时粘贴服务地址，如 https://host/v1。',
  ],
  ['There is a sign in it that no key has.', '其中含有密钥不会有的字符。'],
  ['Copy the key once more.', '请重新复制密钥。'],
  ['There is nothing in it.', '内容为空。'],
  [
    'Paste an xAI key (xai-…), any other API key together with its base URL, or of a grok.com session the value of the cookie "sso" (it begins with eyJ), the whole line of cookies, or their export as JSON.',
    '请粘贴 xAI 密钥（xai-…）、其他密钥及其服务地址，或 grok.com 会话：名为“sso”的 Cookie 的值（以 eyJ 开头）、整行 Cookie 或导出的 JSON。',
  ],
  ['That is an address only.', '这只是一个地址。'],
  ['Paste the key that belongs to it as well.', '请同时粘贴对应的密钥。'],
  [
    'That is neither a key nor a session that can be known by its form.',
    '从形式上看，这既不是密钥也不是会话。',
  ],
  ['There is no cookie "sso" in that request.', '该请求中没有名为“sso”的 Cookie。'],
  [
    'Copy a request that was sent while you were signed in, with its cookies.',
    '请复制登录状态下发出的请求，并包含其 Cookie。',
  ],
  ['There is no key in that request.', '该请求中没有密钥。'],
  [
    'It stands in the header "Authorization: Bearer …".',
    '密钥在“Authorization: Bearer …”请求头中。',
  ],
  ['There is no account in that text.', '该文本中没有账号。'],
  [
    /There are (\d+) accounts in that text: import it\./,
    '该文本中有 $1 个账号，请使用“导入账号”。',
  ],
  [/That is an account of the kind (\w+)\./, '这是类型为 $1 的账号。'],
  ['An account needs a secret.', '账号必须有密钥。'],
  [
    'A name has 1 to 80 signs that can be seen, and no "/".',
    '名称为 1 到 80 个可见字符，且不能含有“/”。',
  ],
  ['There is something in it that cannot be seen.', '其中含有不可见的字符。'],
  [
    'It is no web address: it starts with https:// or http://.',
    '不是有效的网址：应以 https:// 或 http:// 开头。',
  ],
  [
    'Leave user and password out of it: what opens the account is its secret.',
    '请去掉其中的用户名和密码：账号凭密钥访问。',
  ],
  [
    'Leave out what follows "?" or "#": paths are put behind it.',
    '请去掉“?”或“#”及其后的内容：地址后面会接上路径。',
  ],
  [
    'A key is one word of up to 4096 letters, digits and signs.',
    '密钥是一个不含空格的词，最多 4096 个字符。',
  ],
  [
    'Cloudflare Workers have no proxies, so that this account would take no turns. Run it on a machine, or leave the proxy out.',
    'Cloudflare Workers 不支持代理，该账号将无法使用。请在服务器上运行，或不要设置代理。',
  ],
  ['A header is one line.', '请求头只能有一行。'],
  ['That is no whole number.', '请填写整数。'],
  ['Write headers as NAME: VALUE, one a line.', '请每行填写一个请求头，格式为“名称: 值”。'],
  ['That is no header.', '不是有效的请求头。'],
  ['Write it as NAME: VALUE, each on a line of its own.', '请按“名称: 值”的格式填写，每行一个。'],
  [/Groxy sets the header "([^"]*)" itself\./, '请求头“$1”由 Groxy 自行设置。'],
  ['Leave it out.', '请去掉它。'],
  ['Those are no cookies.', '不是有效的 Cookie。'],
  ['Write them as NAME=VALUE; NAME=VALUE', '请按“名称=值; 名称=值”的格式填写。'],
  ['SOCKS proxies are not supported.', '不支持 SOCKS 代理。'],
  [
    'Give the address of an HTTP or HTTPS proxy; most programs that offer SOCKS offer HTTP too, on another port.',
    '请填写 HTTP 或 HTTPS 代理的地址；提供 SOCKS 的程序大多在另一个端口也提供 HTTP。',
  ],
  ['That is no address of an HTTP(S) proxy.', '不是有效的 HTTP(S) 代理地址。'],
  [
    'Write it as http://HOST:PORT or http://USER:PASSWORD@HOST:PORT, with signs such as @ or / in the password escaped (%40, %2F).',
    '请按 http://主机:端口 或 http://用户:密码@主机:端口 的格式填写，密码中的 @、/ 等字符需转义（%40、%2F）。',
  ],
  [/There is already an? (\w+) account named "([^"]*)"\./, '已有名为“$2”的 $1 账号。'],
  ['Choose another name.', '请换一个名称。'],
  [
    /That secret is there already, as the (\w+) account "([^"]*)"\./,
    '该密钥已存在，即 $1 账号“$2”。',
  ],
  ['Change that one instead.', '请改为修改那个账号。'],
  [/"[\w.]+" must be >= (\d+)\./, '不能小于 $1。'],
  [/"[\w.]+" must be <= (\d+)\./, '不能大于 $1。'],
  ['A file of accounts has 32 MB at most.', '账号文件最大为 32 MB。'],
]

/** What is wrong, in the language of a page; what nobody has translated stays as it is. */
export function problemText({ language }: Pick<View, 'language'>, text: string): string {
  if (language === 'en') return text
  const told = CHINESE.reduce((rest, [said, chinese]) => rest.replace(said, chinese), text)
  return told.replaceAll('。 ', '。')
}

/** Where in a file something stands. */
export const placeText = ({ language }: Pick<View, 'language'>, where: string): string =>
  language === 'en' ? where : where.replace(/^line (\d+)$/, '第 $1 行')
