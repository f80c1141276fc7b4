// Before a prompt is read: weights of a merged text encoder are computed, which takes seconds, once.
import type {
  Conditioning,
  ConditioningItem,
  PromptParts,
  TextEncoderModel,
} from '../models/kinds.ts'
import type { RunContext } from './define.ts'

export async function textReady(
  clip: TextEncoderModel,
  { signal, progress }: Pick<RunContext, 'signal' | 'progress'>,
): Promise<void> {
  await clip.ready?.({
    signal,
    progress: (done, of, doing) => progress(done, of, undefined, doing),
  })
}

/**
 * A prompt as conditioning, with `more` said of it. Of an encoder that changes in the course of a run
 * there is an item for each stretch of it.
 */
export async function readPrompt(
  clip: TextEncoderModel,
  text: string | PromptParts,
  context: Pick<RunContext, 'signal' | 'progress'>,
  more: Partial<ConditioningItem> = {},
): Promise<Conditioning> {
  await textReady(clip, context)
  const read = (await clip.encodeInTime?.(text)) ?? [await clip.encode(text)]
  return read.map(item => ({ ...item, ...more }))
}
