import type { ApiError, FailureCode } from '../errors'
import { AWAY } from '../http/failures'
import type { Language } from './words'

/** What failures come to, in Chinese: each says more in English, of which there are too many to have twice. */
const CHINESE: Partial<Record<FailureCode, string>> = {
  access_denied: '不允许此操作',
  already_exists: '同名的项目已存在',
  body_too_large: '内容过大',
  cross_site: '已拒绝来自其他网站的请求',
  internal_error: 'Groxy 出错，详情请查看日志',
  invalid_value: '填写的内容有误',
  job_state: '当前状态下无法执行此操作',
  method_not_allowed: '不支持此操作',
  not_found: '找不到所请求的内容，可能已被删除',
  not_here: '此操作无法在这里执行',
  not_logged_in: '尚未登录',
  not_ready: '目前无法完成此操作',
  rate_limit_exceeded: '操作过于频繁，请稍后再试',
  revision_conflict: '期间已有他人修改，本次未保存：请重新载入后再试',
  unknown_path: '没有这个页面',
  wrong_password: '密码不正确',
}

/** What operators meet on every page at once is said in Chinese as a whole. */
const WHOLE: ReadonlyMap<string, string> = new Map([
  [AWAY, '网关的数据库目前没有响应，或无法写入，请稍后再试。'],
])

const IN_CHINESE = /\p{Script=Han}/u

/** Why something did not work, as a page says it. */
export function failureText(language: Language, { code, message }: ApiError): string {
  const said = CHINESE[code]
  if (language === 'en' || !said || IN_CHINESE.test(message)) return message
  return WHOLE.get(message) ?? `${said}。${message}`
}
