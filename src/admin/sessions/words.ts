import { words } from '../words'

export const sessionWords = words(
  {
    logIn: 'Log in',
    password: "Operator's password",
    wrong: 'That is not the password.',
    notSetTitle: 'No password yet',
    notSet:
      'No password is set yet. Open the set-up link that Groxy printed when it started, or start it again for a new one. Where it prints none, set ADMIN_PASSWORD.',
    tooMany: (seconds: number) =>
      `Too many attempts. Try again in ${seconds} s, or run "groxy admin unlock" where Groxy runs.`,
    tooHeavy:
      'The password was stored by an older version, in a form that Workers cannot check. Set it anew with "groxy admin password".',
  },
  {
    logIn: '登录',
    password: '管理员密码',
    wrong: '密码不正确。',
    notSetTitle: '尚未设置密码',
    notSet:
      '尚未设置密码。请打开 Groxy 启动时打印的设置链接；重新启动会打印新的链接。如果没有打印链接，请设置 ADMIN_PASSWORD。',
    tooMany: (seconds: number) =>
      `尝试次数过多。请在 ${seconds} 秒后重试，或在运行 Groxy 的机器上执行“groxy admin unlock”。`,
    tooHeavy:
      '密码由旧版本保存，Workers 无法校验这种格式。请用“groxy admin password”重新设置密码。',
  },
)
