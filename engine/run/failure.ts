// Exceptions in words for a person: what happened and what to do next. The traceback goes along for
// logs, never into the message.
import type { NodeId } from '../graph/document.ts'
import { CycleError } from '../graph/order.ts'
import { PictureError } from '../image/picture-limits.ts'
import { ModelError } from '../inference/model-error.ts'
import { FileError } from '../nodes/files.ts'
import type { RunFailure } from './events.ts'
import type { InputSummary } from './input-summary.ts'
import { RunError } from './run-error.ts'

/** Says which node an exception belongs to on its way out of the executor. */
export class NodeFailure extends Error {
  override name = 'NodeFailure'
  readonly node: NodeId
  readonly nodeType: string
  /** What it was given, if it came that far. */
  readonly inputs: InputSummary | undefined
  constructor(node: NodeId, nodeType: string, cause: unknown, inputs?: InputSummary) {
    super(`${nodeType} (${node}) failed`, { cause })
    this.node = node
    this.nodeType = nodeType
    this.inputs = inputs
  }
}

type ErrorDescription = Pick<RunFailure, 'code' | 'message' | 'hint'>

const memoryPattern =
  /bad_alloc|out of memory|allocation failed|failed to allocate|array buffer allocation|invalid (typed )?array length/i
const sessionPattern =
  /onnxruntime|non-zero status code|ort_|protobuf parsing|invalid (feed|rank|dimension)/i

const systemWords: Record<string, [message: string, hint: string]> = {
  ENOSPC: ['The disk is full.', 'Free some space and run again.'],
  EACCES: ['The file may not be read or written.', 'Check the permissions of the folder.'],
  EPERM: ['The file may not be read or written.', 'Check the permissions of the folder.'],
  ENOENT: ['A file is missing.', 'Choose another file, or put it back.'],
  EMFILE: ['Too many files are open.', 'Close other programs and run again.'],
  EROFS: ['The disk is read-only.', 'Choose another output folder.'],
}

/** An exception as it is said to a person. */
export function describeError(error: Error): ErrorDescription {
  const { message } = error
  if (error instanceof RunError) return { code: error.code, message, hint: error.hint }
  if (error instanceof CycleError)
    return { code: 'cycle', message, hint: 'Remove one of the links between them.' }
  // These say themselves what to do.
  if (error instanceof ModelError) return { code: 'model_error', message }
  if (error instanceof FileError || error instanceof PictureError)
    return { code: 'file_error', message }
  if (memoryPattern.test(message))
    return {
      code: 'out_of_memory',
      message: 'The memory of this machine was not enough.',
      hint: 'Use a smaller picture or batch, or close other programs.',
    }
  const { code = '', path } = error as NodeJS.ErrnoException
  const system = systemWords[code]
  if (system) {
    return {
      code: 'file_error',
      message: path ? `${system[0]} (${path})` : system[0],
      hint: system[1],
    }
  }
  if (sessionPattern.test(message))
    return {
      code: 'inference_failed',
      message: `The model could not run: ${firstLine(message)}`,
      hint: 'Check that model, text encoder, VAE and LoRA belong to the same family.',
    }
  return { code: 'node_failed', message: firstLine(message) || error.name }
}

const maxMessageLength = 600

/** Without stack frames, and short enough to read. */
const firstLine = (message: string) => {
  const text = message.split(/\n\s+at /, 1)[0]!.trim()
  return text.length > maxMessageLength ? `${text.slice(0, maxMessageLength)}…` : text
}

/** @param executed nodes that had finished before. */
export function failureOf(thrown: unknown, executed: readonly NodeId[]): RunFailure {
  const place = thrown instanceof NodeFailure ? thrown : undefined
  const cause = place ? place.cause : thrown
  const error = cause instanceof Error ? cause : new Error(String(cause))
  return {
    type: 'failed',
    node: place?.node ?? (error instanceof CycleError ? error.nodes[0] : undefined),
    nodeType: place?.nodeType,
    ...describeError(error),
    exceptionType: error.name,
    traceback: error.stack?.split('\n').slice(0, 50),
    inputs: place?.inputs,
    executed: [...executed],
  }
}
