const hex = '[\\da-fA-F]';
const octet = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const ipv4 = `${octet}(?:\\.${octet}){3}`;
const hour = '(?:[01]\\d|2[0-3])';
const time = `${hour}:[0-5]\\d:[0-5]\\d(?:\\.\\d{1,9})?(?:Z|[+-]${hour}:[0-5]\\d)`;
const byFour = '(?:0[48]|[2468][048]|[13579][26])';
const leapYear = `(?:\\d\\d${byFour}|${byFour}00)`;
const days = [
  '(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])',
  '(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)',
  '02-(?:0[1-9]|1\\d|2[0-8])',
].join('|');
const date = `(?:\\d{4}-(?:${days})|${leapYear}-02-29)`;
const label = '[a-zA-Z\\d](?:[a-zA-Z\\d-]{0,30}[a-zA-Z\\d])?';
const seconds = '(?:\\d{1,9}H(?:\\d{1,9}M)?(?:\\d{1,9}S)?|\\d{1,9}M(?:\\d{1,9}S)?|\\d{1,9}S)';
const days1 = `(?:\\d{1,9}Y(?:\\d{1,9}M)?(?:\\d{1,9}D)?|\\d{1,9}M(?:\\d{1,9}D)?|\\d{1,9}D)`;

/** The formats of text that can be promised, as regular expressions; narrower than the standards where these are endless. */
export const formats: Readonly<Record<string, string>> = {
  date,
  time,
  'date-time': `${date}T${time}`,
  duration: `P(?:\\d{1,9}W|${days1}(?:T${seconds})?|T${seconds})`,
  email: `[a-zA-Z\\d]+(?:[._+-][a-zA-Z\\d]+){0,4}@${label}(?:\\.${label}){1,4}`,
  hostname: `${label}(?:\\.${label}){0,4}`,
  ipv4,
  ipv6: `(?:${hex}{1,4}:){7}${hex}{1,4}|(?:${hex}{1,4}:){1,6}:${hex}{1,4}|::(?:${hex}{1,4})?`,
  uuid: `${hex}{8}-${hex}{4}-${hex}{4}-${hex}{4}-${hex}{12}`,
};
