import type { FindingCode } from '../../operator/account-finding'
import { words } from '../words'

/** What a test has found: in a word, and what to do next. */
export const findingWords = words(
  {
    works: 'It works',
    fails: 'It does not work',
    said: 'What its upstream said',
    models: 'It answers, and lists its models.',
    quotas: 'It answers, and tells its quotas.',
    unlisted: 'It answers, but lists no models. Send it a turn to see whether its key works.',
    refused: 'Its secret is refused. Copy it once more from where it is from, or make a new one.',
    blocked: 'Its provider has locked this account. Ask there, or delete it here.',
    forbidden:
      "Its key is known, and may not do this. See its rights and its team's credits at its provider.",
    challenge:
      'It is the address of this machine that is refused. Use a proxy, or give the account a cf_clearance cookie with the user agent of its browser.',
    limited: 'It is asked too often at present. Test it again in a few minutes.',
    not_found:
      'There is no such API at this address. See whether the base URL is right: most end in /v1.',
    server_failed: 'Its server fails. Test it again later.',
    unreachable:
      'Its server cannot be reached. See whether the base URL, network and proxy are right.',
    proxy_failed: 'The proxy does not work. See whether its address, user and password are right.',
    silent: 'Its server does not answer in time. Test it again, or use a proxy.',
    redirected:
      'Its server points elsewhere. Set the base URL to where it points, if you trust that.',
    not_understood: 'Something else answers at that address. See whether the base URL is right.',
    unreadable: 'What is stored of it cannot be opened. Give it its secret again.',
    no_proxies_here:
      'Cloudflare Workers have no proxies. Take the proxy away, or run this account on a machine.',
    failed: 'It does not work; what its upstream said may tell why.',
  } satisfies Record<FindingCode, string> & Record<string, string>,
  {
    works: '测试通过',
    fails: '测试未通过',
    said: '上游返回的信息',
    models: '响应正常，已列出可用模型。',
    quotas: '响应正常，已返回额度信息。',
    unlisted: '响应正常，但未列出模型。请发送一个请求以确认密钥是否有效。',
    refused: '密钥被拒绝。请重新复制，或到服务方新建一个。',
    blocked: '账号已被服务方封禁。请联系服务方，或在此删除。',
    forbidden: '密钥有效但没有权限。请到服务方检查权限与余额。',
    challenge:
      '被拒绝的是本机的网络地址。请使用代理，或为账号填写 cf_clearance Cookie 及对应浏览器的 User-Agent。',
    limited: '当前请求过于频繁，请几分钟后再测试。',
    not_found: '该地址没有这样的接口。请检查服务地址，通常以 /v1 结尾。',
    server_failed: '服务器自身出错，请稍后再测试。',
    unreachable: '无法连接服务器。请检查服务地址、网络与代理。',
    proxy_failed: '代理不可用。请检查代理的地址、用户名与密码。',
    silent: '服务器未及时响应。请再次测试，或使用代理。',
    redirected: '服务器指向了其他地址。如果可信，请将服务地址改为该地址。',
    not_understood: '该地址的响应不符合预期。请检查服务地址。',
    unreadable: '已保存的密钥无法解密。请重新填写密钥。',
    no_proxies_here: 'Cloudflare Workers 不支持代理。请移除代理，或在服务器上运行该账号。',
    failed: '无法使用，上游返回的信息可能说明原因。',
  },
)
