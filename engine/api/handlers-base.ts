// What all handlers share: the implementer, and the two ways to say no.
import { implement, ORPCError } from '@orpc/server'
import { readDocument, WorkflowError } from '../graph/open-workflow.ts'
import { contract } from './contract.ts'

export const answers = implement(contract)

/** A thing that is asked for by id and is not there. */
export const missing = (what: string) =>
  new ORPCError('NOT_FOUND', { message: `${what} is no longer there.` })

/** Something wrong with what was asked, said for people. */
export const refused = (message: string) => new ORPCError('BAD_REQUEST', { message })

/** A document that came from the page. @throws ORPCError that says what is wrong with it */
export function readSent(text: string) {
  try {
    return readDocument(text)
  } catch (error) {
    if (error instanceof WorkflowError || error instanceof SyntaxError)
      throw refused(`The workflow could not be read: ${error.message}`)
    throw error
  }
}
