/** A resource that is edited on this page: what was read, what was made of it, and what others did meanwhile. */
import { computed, onBeforeUnmount, onMounted, ref, shallowRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { onBeforeRouteLeave } from 'vue-router'
import { useAct } from '../../browser/base/act'
import { usePoll } from '../../browser/base/poll'
import { resources } from '../../browser/library/api'
import { ApiError } from '../../core/base/rest'
import type { AttachmentKind, ResourceDetail, ResourceEdits, ResourceMetadata, ResourceVersion, ShownPeople } from '../../core/base/wire'
import { isSendable, mergedDraft, sameDraft, withBeside, type Change, type Draft } from '../../core/library/draft'
import { isRecording } from '../../core/library/next_step'

const KEEPING_MS = 3000 // while an upload is prepared, or a recording finished
const MOST_BACK = 50 // steps of 撤销

const draftOf = ({ metadata, edits }: ResourceVersion): Draft => ({ metadata, edits })

/** Asks before unsaved work is left, by a link or by closing the page. */
export function useLeavingGuard(dirty: () => boolean): void {
  const { t } = useI18n()
  function onUnload(event: BeforeUnloadEvent): void {
    if (!dirty()) return
    event.preventDefault()
    event.returnValue = '' // Chromium before 119 asks only for this
  }
  onBeforeRouteLeave(() => !dirty() || window.confirm(t('app.leaveUnsaved')))
  onMounted(() => window.addEventListener('beforeunload', onUnload))
  onBeforeUnmount(() => window.removeEventListener('beforeunload', onUnload))
}

export function useEditing(id: string) {
  const { t } = useI18n()
  const detail = shallowRef<ResourceDetail | null>(null)
  const readFault = shallowRef<unknown>(null)
  const base = shallowRef<Draft | null>(null)
  const mine = shallowRef<Draft | null>(null)
  const changes = shallowRef<readonly Change[] | null>(null)
  const back = shallowRef<readonly ResourceEdits[]>([])
  const tried = ref(false)
  const { busy, failure, told, tell, act } = useAct()

  /** The version that the page shows: the working one, else what is published, else the last. */
  const shown = computed(() => {
    const now = detail.value
    return now === null ? null : (now.working ?? now.versions.find((one) => one.state === 'published') ?? now.versions[0] ?? null)
  })
  const may = (action: string): boolean => detail.value?.summary.may.some((one) => one === action) ?? false
  const editable = computed(() => detail.value?.working?.state === 'draft' && may('edit_resource'))
  const dirty = computed(() => editable.value && base.value !== null && mine.value !== null && !sameDraft(base.value, mine.value))
  const sendable = computed(() => mine.value !== null && isSendable(mine.value))

  function take(now: ResourceDetail): void {
    detail.value = now
    const version = shown.value
    base.value = version === null ? null : draftOf(version)
    mine.value = base.value
    changes.value = null
    back.value = []
    tried.value = false
  }

  async function read(): Promise<void> {
    readFault.value = null
    try {
      take(await resources.one(id))
    } catch (fault) {
      readFault.value = fault
    }
  }

  function setMetadata(part: Partial<ResourceMetadata>): void {
    if (mine.value === null || !editable.value) return
    mine.value = { ...mine.value, metadata: { ...mine.value.metadata, ...part } }
  }

  /** @param step false while something is dragged: its way is one step of 撤销. */
  function setEdits(part: Partial<ResourceEdits>, step = true): void {
    const now = mine.value
    if (now === null || !editable.value) return
    if (step) back.value = [...back.value, now.edits].slice(-MOST_BACK)
    mine.value = { ...now, edits: { ...now.edits, ...part } }
  }

  function undo(): void {
    const last = back.value[back.value.length - 1]
    if (last === undefined || mine.value === null) return
    back.value = back.value.slice(0, -1)
    mine.value = { ...mine.value, edits: last }
  }

  /** Somebody was faster: what they changed is shown, and what was made here stays. */
  async function reread(): Promise<void> {
    const [before, made] = [base.value, mine.value]
    const done = await act(() => resources.one(id))
    if (done === null || before === null || made === null) return
    take(done.value)
    const now = base.value
    if (now === null || done.value.working?.state !== 'draft') return
    const merged = mergedDraft(before, made, now)
    mine.value = merged.draft
    changes.value = merged.changes
  }

  /** Takes what the server has now. What was made here since `sent` was on its way stays. */
  function takeOver(now: ResourceDetail, sent: Draft | null): void {
    const made = mine.value
    take(now)
    if (sent === null || made === null || base.value === null || sameDraft(sent, made)) return
    mine.value = mergedDraft(sent, made, base.value).draft
  }

  /**
   * Does one thing, and shows the resource as it is then.
   *
   * @param sent the draft that goes along.
   */
  async function carry(work: () => Promise<ResourceDetail>, words: string, sent: Draft | null = null): Promise<boolean> {
    const done = await act(work)
    if (done !== null) {
      takeOver(done.value, sent)
      tell(t(words))
      return true
    }
    if (failure.value instanceof ApiError && failure.value.code === 'changed_meanwhile') {
      await reread()
      failure.value = null
    }
    return false
  }

  async function save(): Promise<boolean> {
    const [draft, version] = [mine.value, detail.value?.working]
    tried.value = true
    if (draft === null || !version || !sendable.value) return false
    return carry(() => resources.save(id, { revision: version.revision, ...draft }), 'resource.saved', draft)
  }

  /** Takes over what stands beside the draft; what is unsaved here stays. */
  function takeBeside(now: ResourceDetail, own: boolean): void {
    const before = detail.value
    if (before === null) return
    const working = before.working !== null && now.working !== null ? withBeside(before.working, now.working, own) : before.working
    const { summary, recording, findings, upload } = now
    detail.value = { ...before, working, summary, recording, findings, upload }
  }
  async function beside(work: () => Promise<ResourceDetail>): Promise<void> {
    const done = await act(work)
    if (done !== null) takeBeside(done.value, true)
  }
  const poll = usePoll(async () => {
    const now = detail.value
    if (now !== null && (now.upload?.state === 'keeping' || isRecording(now.summary)) && !busy.value) {
      const later = await resources.one(id).catch(() => null)
      if (later !== null && !busy.value) takeBeside(later, false)
    }
    return KEEPING_MS
  })
  onMounted(() => void poll.now())

  async function submit(pledged: boolean, people: ShownPeople | null): Promise<boolean> {
    if (dirty.value && !(await save())) return false
    const version = detail.value?.working
    if (!version) return false
    return carry(() => resources.submit(id, { revision: version.revision, pledged, people }), 'resource.submitted')
  }

  /** Lets go of what is unsaved: the resource is gone. */
  const forget = (): void => void (mine.value = base.value)

  useLeavingGuard(() => dirty.value)
  onMounted(read)
  return {
    ...{ detail, readFault, shown, base, mine, changes, back, tried, editable, dirty, sendable, may },
    ...{ busy, failure, told, read, setMetadata, setEdits, undo, save, submit, forget },
    attach: (fileId: string, kind: AttachmentKind) => beside(() => resources.attach(id, { file_id: fileId, kind })),
    detach: (fileId: string) => beside(() => resources.detach(id, fileId)),
    keepAgain: () => beside(() => resources.keepAgain(id)),
    recall: () => carry(() => resources.recall(id), 'resource.recalled'),
    newVersion: () => carry(() => resources.newVersion(id), 'resource.begun'),
  }
}

export type Editing = ReturnType<typeof useEditing>
