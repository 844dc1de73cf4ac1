import { type Answer, wordsOf } from './answers'
import { END, failedFrame, failedLine, RESET, STALL, token } from './frames'

const WORDS = 'These words come before the end'

const bare = { opening: false, closing: false } as const

/** The first line is an error: `{"error":{"code","message"}}`. */
export const failsFirst = (code = 8, message = 'Too many requests'): Answer => ({
  steps: [failedLine(code, message)],
  ...bare,
})

/** The first line is a frame with an error. */
export const failsFirstFrame = (
  message = "You've reached your usage limit. Please try again later.",
): Answer => ({ steps: [failedFrame(message)], ...bare })

/** An error as a whole line after some words. */
export const failsMidway = (code = 13, message = 'Something went wrong', text = WORDS): Answer => ({
  steps: [...wordsOf(text), failedLine(code, message)],
  closing: false,
})

/** An error in a frame after some words. */
export const failsMidwayFrame = (message = 'Something went wrong', text = WORDS): Answer => ({
  steps: [...wordsOf(text), failedFrame(message)],
  closing: false,
})

/** The whole response says that it failed. */
export const failsInResponse = (error = 'Something went wrong', text = WORDS): Answer => ({
  steps: wordsOf(text),
  modelResponse: { error },
})

/** The whole response names errors of the stream. */
export const failsInStreamErrors = (message = 'Something went wrong', text = WORDS): Answer => ({
  steps: wordsOf(text),
  modelResponse: { streamErrors: [{ code: 13, message }] },
})

/** Moderated after some words. */
export const moderatedMidway = (text = WORDS): Answer =>
  failsMidway(7, 'Content was refused. [WKE=grok:content-moderated]', text)

/** Not a byte, until the client goes. */
export const silent = (): Answer => ({ steps: [STALL], ...bare })

/** Some words, then nothing until the client goes. */
export const stallsMidway = (text = WORDS): Answer => ({ steps: [...wordsOf(text), STALL] })

/** The connection is reset before the first byte. */
export const resetsAtOnce = (): Answer => ({ steps: [RESET], ...bare })

/** The connection is reset after some words. */
export const resetsMidway = (text = WORDS): Answer => ({ steps: [...wordsOf(text), RESET] })

/** The body ends well, but nothing says that the answer is complete. */
export const endsMidway = (text = WORDS): Answer => ({ steps: [...wordsOf(text), END] })

/** The body ends within a line. */
export const halfLine = (text = WORDS): Answer => ({
  steps: [...wordsOf(text), { raw: '{"result":{"response":{"token":"and th' }, END],
})

/** A line that is no JSON, in the middle of the answer. */
export const garbage = (text = WORDS): Answer => ({
  steps: [...wordsOf(text), { raw: '<html>bad gateway</html>\n' }, token(' and more')],
})
