// Shows what a model wrote: a little of Markdown, made of nodes, never of markup.

/** An element with attributes and children; what is absent is left out. */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value)
    else element.setAttribute(key, value === true ? '' : value)
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== null))
  return element
}

/** An address that may be followed: of the web, and nothing that runs. */
export function webAddress(text) {
  const url = URL.parse(text, location.href)
  return url && /^https?:$/.test(url.protocol) ? url : undefined
}

/** Pictures are shown of this gateway alone: another host would learn who looks. */
const isOwnPicture = (text) =>
  /^data:image\/(?:png|jpeg|gif|webp|avif);base64,/.test(text) ||
  webAddress(text)?.origin === location.origin

const link = (url, ...children) =>
  h('a', { href: url, target: '_blank', rel: 'noreferrer noopener' }, ...children)

const INLINE =
  /`([^`\n]+)`|!\[([^\]\n]*)\]\(([^()\s]+)\)|\[([^\]\n]+)\]\(([^()\s]+)\)|\*\*([^*\n]+)\*\*|(?<![\w*])\*([^*\s][^*\n]*)\*(?!\w)/g

/** A line of text with its code, links, pictures and weights. */
function inline(text) {
  const nodes = []
  let at = 0
  for (const found of text.matchAll(INLINE)) {
    nodes.push(text.slice(at, found.index))
    at = found.index + found[0].length
    const [whole, code, alt, picture, words, target, bold, italic] = found
    if (code !== undefined) nodes.push(h('code', {}, code))
    else if (picture !== undefined) nodes.push(pictureOf(whole, alt, picture))
    else if (words !== undefined) nodes.push(linkOf(whole, words, target))
    else if (bold !== undefined) nodes.push(h('strong', {}, ...inline(bold)))
    else nodes.push(h('em', {}, ...inline(italic)))
  }
  nodes.push(text.slice(at))
  return nodes
}

function pictureOf(whole, alt, target) {
  if (isOwnPicture(target)) return h('img', { src: target, alt, loading: 'lazy', class: 'made' })
  return linkOf(whole, alt || target, target)
}

function linkOf(whole, words, target) {
  const url = webAddress(target)
  return url ? link(url.href, words) : whole
}

const FENCE = /^ {0,3}(```+|~~~+)\s*([\w+#.-]*)/
const ITEM = /^\s*(?:[-*+]|(\d{1,9})[.)])\s+(.*)$/

/** All of a text, as paragraphs, headings, lists, quotes and code. */
export function markdown(text) {
  const lines = text.split('\n')
  const blocks = []
  for (let at = 0; at < lines.length; ) {
    const line = lines[at]
    const [, fence] = FENCE.exec(line) ?? []
    if (fence) {
      const end = lines.findIndex((one, nth) => nth > at && one.trim().startsWith(fence))
      const last = end < 0 ? lines.length : end
      blocks.push(h('pre', { tabindex: '0' }, h('code', {}, lines.slice(at + 1, last).join('\n'))))
      at = last + 1
      continue
    }
    const [, marks, title] = /^(#{1,6})\s+(.*)$/.exec(line) ?? []
    if (marks) {
      blocks.push(h('p', { class: 'heading' }, h('strong', {}, ...inline(title))))
      at++
      continue
    }
    const kind = kindOf(line)
    let end = at + 1
    while (end < lines.length && kindOf(lines[end]) === kind && !FENCE.test(lines[end])) end++
    if (kind !== '') blocks.push(blockOf(kind, lines.slice(at, end)))
    at = end
  }
  return blocks
}

function kindOf(line) {
  if (line.trim() === '') return ''
  if (/^\s*>/.test(line)) return 'quote'
  if (/^#{1,6}\s/.test(line)) return 'heading'
  const [item, number] = ITEM.exec(line) ?? []
  if (item !== undefined) return number === undefined ? 'list' : 'numbers'
  return 'text'
}

function blockOf(kind, lines) {
  if (kind === 'quote')
    return h('blockquote', {}, ...broken(lines.map((line) => line.replace(/^\s*>\s?/, ''))))
  if (kind === 'text') return h('p', {}, ...broken(lines))
  const items = lines.map((line) => h('li', {}, ...inline(ITEM.exec(line)[2])))
  if (kind === 'list') return h('ul', {}, items)
  return h('ol', { start: ITEM.exec(lines[0])[1] }, items)
}

/** Lines under one another. */
const broken = (lines) =>
  lines.flatMap((line, at) => (at === 0 ? inline(line) : [h('br'), ...inline(line)]))
