import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { en } from '../../src/i18n/en'
import { zh } from '../../src/i18n/zh-CN'

const repository = fileURLToPath(new URL('../../../', import.meta.url))
const read = (path: string) => readFileSync(repository + path, 'utf8')
const matches = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map((match) => match[1] ?? '')

/** The string at a dotted path of a tree of texts. */
function words(tree: object, path: string): unknown {
  return path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], tree)
}

function lacking(keys: readonly string[]): string[] {
  return keys.filter((key) => [zh, en].some((tree) => typeof words(tree, key) !== 'string'))
}

/** The places where a Python source names a code that may reach a page. */
const CODES = [
  /^ {4}code = "([a-z_]+)"/gm, // of an error class
  /\bBadText\("([a-z_]+)"/g,
  /\bCommandRefused\(\s*"([a-z_]+)"/g,
  /\bCommandError\(\w+(?:\.\w+)?, "([a-z_]+)"/g,
]

describe('the codes of refusals', () => {
  const under = (folder: string) =>
    readdirSync(repository + folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.py'))
      .map((name) => `${folder}/${name}`)
  const sources = [...under('signaling'), ...under('relay/api'), ...under('recorder/api')].map(read)

  it.each(CODES.map((pattern) => [pattern.source, pattern] as const))('are found by %s', (_, pattern) => {
    expect(sources.some((text) => matches(text, pattern).length > 0)).toBe(true)
  })

  const wire = read('web_client/src/core/base/wire.ts')
  const listed = matches(/export type ProblemCode =\n((?: {2}\| '\w+'\n)+)/.exec(wire)?.[1] ?? '', /'(\w+)'/g)
  const raised = sources.flatMap((text) => CODES.flatMap((pattern) => matches(text, pattern)))
  const own = ['src/core/classroom/control.ts', 'src/core/base/rest.ts']
    .map((path) => read(`web_client/${path}`))
    .flatMap((text) => matches(text, /(?:CommandFailed\(|ApiError\(0, )'([a-z_]+)'/g))

  it.each([
    ['lists for its problems', listed, 'clash'],
    ['raises by name', raised, 'stage_full'],
    ['never sends, for the page gives them itself', own, 'connection_lost'],
  ])('that the server %s have words in both languages', (_, codes, one) => {
    expect(codes).toContain(one)
    expect(lacking(codes.map((code) => `problem.${code}`))).toEqual([])
  })

  it('have no words that nobody needs', () => {
    const known = new Set([...listed, ...raised, ...own, 'other'])
    expect(Object.keys(zh.problem).filter((code) => !known.has(code))).toEqual([])
  })
})

/** Where each value of a wire type has its words; `but`: values that pages have nothing to say about. */
const SHOWN: Record<string, { readonly under: readonly string[]; readonly but?: readonly string[] }> = {
  ProblemCode: { under: ['problem'] },
  ClassKind: { under: ['lesson.kind'] },
  NodeKind: { under: ['nodes.kinds'] },
  PushTrouble: { under: ['push.trouble', 'pushChoice.trouble'] },
  DeliveryMode: { under: ['lesson.delivery'] },
  SchoolKind: { under: ['directory.schoolKind'] },
  DirectoryNoun: { under: ['directory.noun'] },
  ImportIssueCode: { under: ['directory.issue'] },
  WorkbookFault: { under: ['workbook.fault'] },
  CellFault: { under: ['workbook.cell'] },
  LessonState: { under: ['lesson.state'] },
  VersionState: { under: ['versionState'] },
  ReviewLevel: { under: ['review.level', 'review.in'] },
  Verdict: { under: ['review.verdict'] },
  Stage: { under: ['schoolStage'] },
  ResourceType: { under: ['resourceType'] },
  Audience: { under: ['audience'] },
  PublicationState: { under: ['published.views', 'published.empty'] },
  ShareScope: { under: ['scope', 'scopeHint'] },
  ReferenceState: { under: ['upward.state'] },
  ReferenceScope: { under: ['upward.scope', 'upward.scopeHint'] },
  SeriesScope: { under: ['series.scope'] },
  UseGrouping: { under: ['use.by', 'use.column'] },
  ReviewRefusal: { under: ['reviewRefusal'] },
  WithdrawReason: { under: ['withdrawReason'] },
  CheckCode: { under: ['finding'] },
  AttachmentKind: { under: ['attachment.kinds'] },
  CheckWeight: { under: ['finding.weight'] },
  LibraryState: { under: ['library.state'] },
  LinkState: { under: ['link'] },
  LinkLimit: { under: ['link.why'], but: ['none'] },
  LinkExcess: { under: ['excess.reason', 'excess.own'] },
  DeviceState: { under: ['check.state'] },
  RefusalReason: { under: ['refused.reason'] },
  ProposalState: { under: ['proposal.state'] },
  RuleKind: { under: ['proposal.rule'] },
  RecordingFailure: { under: ['library.failure'] },
  MissedReason: { under: ['missedReason'] },
  UnitOutcome: { under: ['ledger.outcome'] },
  UnitOrigin: { under: ['ledger.origin'] },
  MissedCause: { under: ['ledger.cause'] },
  LedgerGrouping: { under: ['ledger.by'] },
  TodayState: { under: ['ledger.today'] },
  Parity: { under: ['timetable.parity'] },
  DayKind: { under: ['holidays.kind'] },
  SkipReason: { under: ['skip'] },
  ClashRule: { under: ['clash.rule'] },
  ClashLevel: { under: ['clash.level'] },
  UnwantedLevel: { under: ['unwanted.level'] },
  WhoKind: { under: ['clash.who'] },
  ChangedPart: { under: ['changedPart'] },
  HolidaySource: { under: ['holidays.source'] },
  DayLayer: { under: ['holidays.layer'] },
  PlanKind: { under: ['planKind', 'plan.kindHint'] },
  ChangeKind: { under: ['changeKind'] },
  ListKind: { under: ['timetable.by', 'timetable.choose'] },
  OrgLevel: { under: ['directory.level'] },
  Role: { under: ['org.role'] },
  AuditAction: { under: ['audit.action'] },
  AccountState: { under: ['account.states'] },
  JobState: { under: ['job.state'] },
  ImportReason: { under: ['imports.reason'] },
  ImportTopic: { under: ['imports.topic'] },
  MatchGround: { under: ['imports.ground'] },
  ImportLineKind: { under: ['imports.kind'] },
  ImportState: { under: ['imports.state'] },
  ConsentState: { under: ['consent.state'] },
  ConsentPurpose: { under: ['consent.purpose', 'consent.paper.short', 'audit.value.widest'] },
  SeatingRemedy: { under: ['consent.remedy', 'audit.value.remedy'] },
  WithdrawalReason: { under: ['consent.reason', 'audit.value.withdrawal'] },
  ConsentLack: { under: ['consent.lack'] },
  ConsentScope: { under: ['consent.scope'] },
  RetentionKind: { under: ['retention.kind', 'retention.counted'] },
  DeletionReason: { under: ['retention.reason'] },
  KeptBecause: { under: ['retention.one.because'] },
  RetentionChoice: { under: ['retention.choices'] },
  CatalogueStage: { under: ['schoolStage'] },
  CatalogueChangeKind: { under: ['catalogue.kind'] },
  CatalogueFault: { under: ['catalogue.fault'] },
  TreeLevel: { under: ['library.level'] },
  SourcePart: { under: ['consent.part'], but: ['nothing'] },
}
/** Types whose values never become words by themselves. */
const SILENT = ['Action', 'WorkbookLanguage', 'SourceKind', 'RecordingState', 'ByeReason', 'FilePurpose', 'FileState', 'MatchedField', 'ResourceKind', 'ResourceState', 'BatchVerdict', 'BatchDecision', 'EditionState', 'UploadState', 'FiguresKind', 'CaptionState', 'FilmState', 'CaptionOrigin', 'NodeHealth']

describe('the values of the generated wire types', () => {
  const wire = read('web_client/src/core/base/wire.ts')
  const types = [...wire.matchAll(/^export type (\w+) =\n((?: {2}\| '[^']+'\n)+)/gm)].map(
    ([, name = '', values = '']) => [name, matches(values, /'([^']+)'/g)] as const,
  )

  it.each(types)('of %s have words in both languages, or are known to be silent', (name, values) => {
    const place = SHOWN[name]
    if (place === undefined) return expect(SILENT).toContain(name)
    const said = values.filter((value) => !place.but?.includes(value))
    expect(lacking(place.under.flatMap((under) => said.map((value) => `${under}.${value}`)))).toEqual([])
  })
})
