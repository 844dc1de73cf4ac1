import { words } from '../words'

export const sessionWords = words(
  {
    logIn: 'Log in',
    password: "Operator's password",
    wrong: 'That is not the password.',
    notSet:
      'No password is set yet. Open the set-up link that Groxy printed when it started, or start it again for a new one.',
  },
  {
    logIn: '登录',
    password: '管理员密码',
    wrong: '密码不正确。',
    notSet: '尚未设置密码。请打开 Groxy 启动时打印的设置链接；重新启动会打印新的链接。',
  },
)
