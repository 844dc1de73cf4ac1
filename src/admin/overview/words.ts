import { words } from '../words'

export const overviewWords = words({ title: 'Overview' }, { title: '概览' })
