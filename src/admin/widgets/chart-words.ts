import { words } from '../words'

export const chartWords = words(
  {
    good: 'Succeeded',
    bad: 'Failed',
    numbers: 'The same in numbers',
    highest: (value: string) => `highest: ${value}`,
    described: (good: string, bad: string, bars: number) =>
      `${good} succeeded and ${bad} failed, in ${bars} bars. The table below has the numbers.`,
    both: (good: string, bad: string) => `${good} succeeded, ${bad} failed`,
  },
  {
    good: '成功',
    bad: '失败',
    numbers: '数据表',
    highest: (value: string) => `最高：${value}`,
    described: (good: string, bad: string, bars: number) =>
      `共 ${bars} 个柱：成功 ${good}，失败 ${bad}。下方表格列出具体数据。`,
    both: (good: string, bad: string) => `成功 ${good}，失败 ${bad}`,
  },
)
