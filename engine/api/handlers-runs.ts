// Runs of the page: start, order, cancel, and the graph exactly as it ran.
import { isObject, readJson, writeJson } from '../graph/json.ts'
import { documentText, openWorkflow } from '../graph/open-workflow.ts'
import { describeRun } from '../host/execution.ts'
import type { Host } from '../host/host.ts'
import { QueueFullError } from '../host/queue.ts'
import { prepareDocument } from '../host/submission.ts'
import { answers, missing, readSent, refused } from './handlers-base.ts'

const os = answers.runs

/** The document of a run; one that came in API form brought its workflow or is laid out anew. */
export function documentOf(host: Host, run: string): string {
  const texts = host.store.runs.texts(run)
  if (!texts) throw missing('The run')
  if (texts.document !== undefined) return texts.document
  const pngInfo = readJson(texts.pngInfo)
  const sent = isObject(pngInfo) && isObject(pngInfo.workflow) ? pngInfo.workflow : undefined
  const text = sent ? writeJson(sent) : texts.prompt
  return documentText(openWorkflow(text, host.catalogue()).document)
}

export function runHandlers(host: Host) {
  const { runs } = host.store
  return {
    start: os.start.handler(async ({ input }) => {
      const { name, workflow, targets, front } = input
      const { submission, problems } = await prepareDocument(
        readSent(input.document),
        host.catalogue(),
        { name, workflow, targets, text: input.document },
        host.checks(),
      )
      if (!submission) return { problems }
      const refusal = await host.account.checkAllowance()
      if (refusal) return { problems: [...problems, refusal] }
      try {
        return { run: describeRun(host.store, host.submit(submission, { front })), problems }
      } catch (error) {
        throw error instanceof QueueFullError ? refused(error.message) : error
      }
    }),
    cancel: os.cancel.handler(({ input }) => {
      host.queue.cancel(input.id)
      return {}
    }),
    move: os.move.handler(({ input }) => {
      host.queue.move(input.id, input.before)
      return {}
    }),
    clear: os.clear.handler(() => {
      host.queue.clear()
      return {}
    }),
    pause: os.pause.handler(({ input }) => {
      host.queue.pause(input.paused)
      return {}
    }),
    list: os.list.handler(({ input }) =>
      runs.list(input.before, input.limit).map(run => describeRun(host.store, run)),
    ),
    open: os.open.handler(({ input }) => {
      const run = host.run(input.id)
      if (!run) throw missing('The run')
      return { run, document: documentOf(host, input.id) }
    }),
  }
}
