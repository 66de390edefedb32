export { useAct } from '../base/act'
