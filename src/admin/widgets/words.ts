import { words } from '../words'

export const widgetWords = words(
  {
    copy: 'Copy',
    copied: 'Copied',
    previous: 'Previous',
    next: 'Next',
    pages: 'Pages',
    filter: 'Filter',
  },
  {
    copy: '复制',
    copied: '已复制',
    previous: '上一页',
    next: '下一页',
    pages: '分页',
    filter: '筛选',
  },
)
