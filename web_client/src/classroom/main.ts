import { createApp } from 'vue'
import { i18n } from '../i18n'
import '../styles/tokens.css'
import '../styles/base.css'
import ClassroomApp from './ClassroomApp.vue'

createApp(ClassroomApp).use(i18n).mount('#app')
