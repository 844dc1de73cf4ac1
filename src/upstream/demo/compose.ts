import { oneOf } from './random'
import { isChinese, topicOf } from './topic'

type Phrases = readonly [string, ...string[]]

interface Language {
  readonly opening: Phrases
  readonly openingWithoutTopic: Phrases
  readonly point: Phrases
  readonly result: Phrases
  readonly closing: Phrases
  readonly thought: Phrases
  readonly and: string
  readonly comma: string
}

/** `{0}` is the subject, `{1}` what else the question turns on. */
const ENGLISH: Language = {
  opening: [
    'You ask about {0}. I am the demo model that comes with Groxy and know little, but here is how I would go about it.',
    'Let us take {0} step by step. I am only the demo model of Groxy, so check what matters.',
    'A good question about {0}. As the demo model I can show you the shape of an answer, if not its depth.',
  ],
  openingWithoutTopic: [
    'Hello! I am the demo model that comes with Groxy: no network, no cost, and no great wisdom.',
    'I am the demo model of Groxy. Ask me anything, and see how an answer arrives.',
  ],
  point: [
    'Start with {0}: it decides most of the rest.',
    'With {0}, a small example teaches more than a long rule.',
    'What is said about {0} is often true only under conditions; find those first.',
    'Write down what you expect of {0} before you look, then compare.',
    'If {0} and {1} pull in different directions, follow the one you can measure.',
    'Keep {0} apart from {1} for as long as you can.',
  ],
  result: [
    'The tool answered: {0}. That settles it as far as I can see.',
    'From what the tool returned ({0}), I would go on from there.',
  ],
  closing: [
    'When you are ready for a real model, add an account, and ask the same question again.',
    'Add an xAI key to Groxy and a real model will take it from here.',
  ],
  thought: [
    'The question turns on {0}.',
    'I should separate {0} from {1} before I answer.',
    'A short answer serves better than a full one.',
    'Let me check whether {0} allows an exception.',
  ],
  and: ' and ',
  comma: ', ',
}

const CHINESE: Language = {
  opening: [
    '您问的是{0}。我是 Groxy 自带的演示模型，懂得不多，但可以这样来看。',
    '我们一步一步来看{0}。我只是 Groxy 的演示模型，重要的内容请再核实。',
  ],
  openingWithoutTopic: ['您好！我是 Groxy 自带的演示模型：不联网，不花钱，也谈不上高明。'],
  point: [
    '先弄清{0}，其余的多半由它决定。',
    '关于{0}，一个小例子胜过一条长规则。',
    '如果{0}与{1}互相矛盾，就相信能够测量的那一个。',
    '在看结果之前，先写下您对{0}的预期，再作比较。',
  ],
  result: ['工具返回了：{0}。据我所见，问题到此解决。'],
  closing: ['准备好使用真正的模型时，请添加一个账号，再问一次同样的问题。'],
  thought: ['问题的关键是{0}。', '回答之前，应当把{0}和{1}分开。', '简短的回答更有用。'],
  and: '和',
  comma: '、',
}

const POINTS = 3

/** What the demo model has to say, and what it thought before. */
export function compose(question: string, random: () => number) {
  const language = isChinese(question) ? CHINESE : ENGLISH
  const topic = topicOf(question)
  const [subject, other = subject] = topic
  const fill = (phrase: string, first = subject, second = other) =>
    phrase.replaceAll('{0}', first ?? '').replaceAll('{1}', second ?? '')
  const several = (phrases: Phrases, count: number) => {
    const left = [...phrases]
    return Array.from({ length: Math.min(count, left.length) }, (_, index) => {
      const [phrase = ''] = left.splice(Math.floor(random() * left.length), 1)
      const first = topic[index % topic.length]
      return fill(phrase, first, topic[(index + 1) % topic.length])
    })
  }

  return {
    answer(): string {
      if (!subject)
        return `${oneOf(language.openingWithoutTopic, random)} ${oneOf(language.closing, random)}`
      const opening = fill(
        oneOf(language.opening, random),
        list(topic.slice(0, 3), language.and, language.comma),
      )
      const points = several(language.point, POINTS).map((point, at) => `${at + 1}. ${point}`)
      return `${opening}\n\n${points.join('\n')}\n\n${oneOf(language.closing, random)}`
    },

    afterTools: (results: readonly string[]): string =>
      fill(oneOf(language.result, random), results.join('; ').slice(0, 400)),

    thoughts: (): string =>
      (subject ? several(language.thought, 3) : language.thought.slice(2, 3)).join(' '),
  }
}

function list(words: readonly string[], and: string, comma: string): string {
  const last = words.at(-1) ?? ''
  return words.length > 1 ? words.slice(0, -1).join(comma) + and + last : last
}
