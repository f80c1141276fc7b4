import { keyWords } from '../commands/keys.ts'

/** A shortcut as small key caps. */
export function Keys({ keys }: { keys: string }) {
  return (
    <kbd className="ml-auto shrink-0 pl-3 font-sans text-[11px] text-faint tabular">
      {keyWords(keys)}
    </kbd>
  )
}
