// The archive of everything that an account holds: readable, with a manifest, workflows as files.
import { strToU8, zipSync } from 'fflate'
import { columnWords, README, TABLES } from './export-words.ts'

type Row = Record<string, unknown>

/** Compressing more takes longer than the 2 s that a hosted function has (100 MB: 7 s here). */
const COMPRESSED_BYTES = 5 * 2 ** 20

/** What app.export_user answers. */
export interface AccountExport {
  format: string
  exportedAt: string
  userId: string
  signIn: Row
  tables: Record<string, Row[]>
}

export interface ManifestFile {
  path: string
  meaning: string
  rows?: number
  columns?: Record<string, string>
}

/** @returns a zip: README.txt, manifest.json, sign-in.json, tables/*.json, workflows/*.json */
export function exportArchive(account: AccountExport): Uint8Array {
  const files = new Map<string, string>()
  const listed: ManifestFile[] = [
    { path: 'README.txt', meaning: 'This archive in plain words.' },
    { path: 'manifest.json', meaning: 'This list.' },
    { path: 'sign-in.json', meaning: 'How you sign in, as the sign-in service keeps it.' },
  ]
  files.set('README.txt', README)
  files.set('sign-in.json', readable(account.signIn))

  const documents = workflowFiles(account)
  for (const { path, meaning, document } of documents.values()) {
    files.set(path, document)
    listed.push({ path, meaning })
  }
  for (const [table, rows] of Object.entries(account.tables)) {
    const path = `tables/${table.replaceAll('_', '-')}.json`
    const shown =
      table === 'workflow_versions'
        ? rows.map(row => ({ ...row, document: documents.get(versionKey(row))?.path ?? null }))
        : rows
    files.set(path, readable(shown))
    listed.push({
      path,
      meaning: TABLES[table] ?? table,
      rows: rows.length,
      columns: Object.fromEntries(
        Object.keys(rows[0] ?? {}).map(column => [column, columnWords(table, column) ?? column]),
      ),
    })
  }
  const { format, exportedAt, userId } = account
  files.set('manifest.json', readable({ format, exportedAt, userId, files: listed }))
  const bytes = Object.fromEntries([...files].map(([path, text]) => [path, strToU8(text)]))
  const size = Object.values(bytes).reduce((sum, { length }) => sum + length, 0)
  return zipSync(bytes, { level: size > COMPRESSED_BYTES ? 0 : 6 })
}

const readable = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

const versionKey = (row: Row): string => `${row.workflow_id} ${row.version}`

interface WorkflowFile {
  path: string
  meaning: string
  document: string
}

/** Each version as a file of its own: the document as it was saved, which the app opens. */
function workflowFiles(account: AccountExport): Map<string, WorkflowFile> {
  const { stored_workflows: workflows = [], workflow_versions: versions = [] } = account.tables
  const taken = new Set<string>()
  const files = new Map<string, WorkflowFile>()
  for (const workflow of workflows) {
    const name = unique(fileName(String(workflow.name)), taken)
    for (const row of versions.filter(version => version.workflow_id === workflow.id)) {
      const newest = row.version === workflow.current_version
      files.set(versionKey(row), {
        path: newest
          ? `workflows/${name}.json`
          : `workflows/older/${name} (version ${row.version}).json`,
        meaning: `The workflow “${workflow.name}”, version ${row.version}.`,
        document: String(row.document),
      })
    }
  }
  return files
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
