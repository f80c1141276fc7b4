// The archive of everything that an account holds: readable, with a manifest, workflows as files. It is
// made as it is read: stored workflows may be a gigabyte, and a function has little memory.
import { strToU8, Zip, ZipDeflate, ZipPassThrough } from 'fflate'
import { columnWords, readme, tableWords } from './export-words.ts'

type Row = Record<string, unknown>

/** Compressing more takes longer than the 2 s that a hosted function has (100 MB: 7 s here). */
const compressedBytes = 5 * 2 ** 20
/** Documents are read this many bytes and rows at a time; one alone has at most 4 MB. */
const batchBytes = 4 * 2 ** 20
const batchRows = 500

/** What app.export_user answers without documents. */
export interface AccountExport {
  format: string
  exportedAt: string
  userId: string
  signIn: Row
  tables: Record<string, Row[]>
}

export interface Version {
  workflow_id: string
  version: number
}

/** The documents of some versions; one that was removed meanwhile is missing. */
export type ReadDocuments = (
  versions: Version[],
) => Promise<Iterable<Version & { document: string }>>

interface ManifestFile {
  path: string
  meaning: string
  rows?: number
  columns?: Record<string, string>
}

interface ArchiveFile extends ManifestFile {
  text: string
}

/** @returns a zip: README.txt, sign-in.json, workflows/*.json, tables/*.json, manifest.json */
export function exportArchive(
  account: AccountExport,
  read: ReadDocuments,
): ReadableStream<Uint8Array> {
  const { stored_workflows: workflows = [], ...rest } = account.tables
  const stored = workflows.reduce((sum, { size_bytes: bytes }) => sum + Number(bytes), 0)
  const size = stored + JSON.stringify(rest).length
  const zip = zipped(filesOf(account, read), size <= compressedBytes)
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await zip.next()
      if (done) controller.close()
      else controller.enqueue(value)
    },
    cancel: () => void zip.return(undefined),
  })
}

async function* zipped(files: AsyncIterable<ArchiveFile>, compressed: boolean) {
  const parts: Uint8Array[] = []
  const zip = new Zip((error, part) => {
    if (error) throw error
    parts.push(part)
  })
  for await (const { path, text } of files) {
    const file = compressed ? new ZipDeflate(path, { level: 6 }) : new ZipPassThrough(path)
    zip.add(file)
    file.push(strToU8(text), true)
    yield* parts.splice(0)
  }
  zip.end()
  yield* parts
}

async function* filesOf(account: AccountExport, read: ReadDocuments): AsyncGenerator<ArchiveFile> {
  const { format, exportedAt, userId } = account
  const listed: ManifestFile[] = []
  const list = ({ text, ...file }: ArchiveFile): ArchiveFile => {
    listed.push(file)
    return { text, ...file }
  }
  yield list({ path: 'README.txt', meaning: 'This archive in plain words.', text: readme })
  yield list({
    path: 'sign-in.json',
    meaning: 'How you sign in, as the sign-in service keeps it.',
    text: readable(account.signIn),
  })
  const paths = new Map<string, string>()
  for await (const { key, ...file } of workflowFiles(account, read)) {
    paths.set(key, file.path)
    yield list(file)
  }
  for (const [table, rows] of Object.entries(account.tables)) {
    const shown =
      table === 'workflow_versions'
        ? rows.map(row => ({
            ...row,
            document: paths.get(versionKey(row as Row & Version)) ?? null,
          }))
        : rows
    yield list({
      path: `tables/${table.replaceAll('_', '-')}.json`,
      meaning: tableWords[table] ?? table,
      rows: rows.length,
      columns: Object.fromEntries(
        Object.keys(shown[0] ?? {}).map(column => [column, columnWords(table, column) ?? column]),
      ),
      text: readable(shown),
    })
  }
  // Last, since only now it is known what is in it.
  const manifest = { path: 'manifest.json', meaning: 'This list.' }
  yield {
    ...manifest,
    text: readable({ format, exportedAt, userId, files: [...listed, manifest] }),
  }
}

const readable = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

const versionKey = ({ workflow_id: id, version }: Version): string => `${id} ${version}`

/** Each version as a file of its own: the document as it was saved, which the app opens. */
async function* workflowFiles(account: AccountExport, read: ReadDocuments) {
  const { stored_workflows: workflows = [], workflow_versions: versions = [] } = account.tables
  const taken = new Set<string>()
  const named = new Map(
    workflows.map(workflow => [
      workflow.id,
      { ...workflow, title: unique(fileName(String(workflow.name)), taken) } as Row,
    ]),
  )
  for (const batch of batches(versions as (Row & Version)[]))
    for (const found of await read(batch)) {
      const workflow = named.get(found.workflow_id)
      if (!workflow) continue
      const newest = found.version === workflow.current_version
      yield {
        key: versionKey(found),
        path: newest
          ? `workflows/${workflow.title}.json`
          : `workflows/older/${workflow.title} (version ${found.version}).json`,
        meaning: `The workflow “${workflow.name}”, version ${found.version}.`,
        text: found.document,
      }
    }
}

function* batches(versions: (Row & Version)[]): Generator<Version[]> {
  let batch: Version[] = []
  let bytes = 0
  for (const { workflow_id, version, size_bytes } of versions) {
    if (
      batch.length > 0 &&
      (batch.length === batchRows || bytes + Number(size_bytes) > batchBytes)
    ) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push({ workflow_id, version })
    bytes += Number(size_bytes)
  }
  if (batch.length > 0) yield batch
}

/** A name that every file system takes. */
const fileName = (name: string): string =>
  name
    .normalize('NFC')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is taken out
    .replace(/[\u0000-\u001f\u007f<>:"/\\|?*]/g, '-')
    .replace(/^[. ]+|[. ]+$/g, '')
    .slice(0, 80) || 'workflow'

function unique(name: string, taken: Set<string>): string {
  let candidate = name
  for (let n = 2; taken.has(candidate.toLowerCase()); n += 1) candidate = `${name} ${n}`
  taken.add(candidate.toLowerCase())
  return candidate
}
