/** A file that is not a workflow we can open, said in words for people. */
export class WorkflowError extends Error {
  override name = 'WorkflowError'
}
