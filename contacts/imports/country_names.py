"""Names of countries in French and English, as `words.plain` writes them, to the codes that the vendor accepts."""

from .words import plain

#: A line per country: code, then the names people write for it.
_NAMES = """
AD Andorra|Andorre
AE United Arab Emirates|Émirats arabes unis|UAE|EAU
AF Afghanistan
AG Antigua and Barbuda|Antigua-et-Barbuda
AI Anguilla
AL Albania|Albanie
AM Armenia|Arménie
AO Angola
AQ Antarctica|Antarctique
AR Argentina|Argentine
AS American Samoa|Samoa américaines
AT Austria|Autriche|Österreich
AU Australia|Australie
AW Aruba
AX Åland Islands|Îles d'Åland|Åland
AZ Azerbaijan|Azerbaïdjan
BA Bosnia and Herzegovina|Bosnie-Herzégovine|Bosnia
BB Barbados|Barbade|La Barbade
BD Bangladesh
BE Belgium|Belgique|België
BF Burkina Faso
BG Bulgaria|Bulgarie
BH Bahrain|Bahreïn
BI Burundi
BJ Benin|Bénin
BL Saint Barthélemy|Saint-Barthélemy|St Barts
BM Bermuda|Bermudes|Les Bermudes
BN Brunei|Brunéi|Brunei Darussalam
BO Bolivia|Bolivie
BQ Caribbean Netherlands|Pays-Bas caribéens|Bonaire
BR Brazil|Brésil|Brasil
BS Bahamas|The Bahamas|Les Bahamas
BT Bhutan|Bhoutan
BV Bouvet Island|Île Bouvet
BW Botswana
BY Belarus|Biélorussie|Bélarus
BZ Belize
CA Canada|CAN|Can.
CC Cocos Islands|Îles Cocos|Cocos (Keeling) Islands
CD DR Congo|République démocratique du Congo|Democratic Republic of the Congo|RDC|Congo-Kinshasa
CF Central African Republic|République centrafricaine|Centrafrique
CG Congo|Republic of the Congo|République du Congo|Congo-Brazzaville
CH Switzerland|Suisse|Schweiz
CI Côte d'Ivoire|Ivory Coast
CK Cook Islands|Îles Cook
CL Chile|Chili
CM Cameroon|Cameroun
CN China|Chine|People's Republic of China
CO Colombia|Colombie
CR Costa Rica
CU Cuba
CV Cape Verde|Cap-Vert|Cabo Verde
CW Curaçao
CX Christmas Island|Île Christmas
CY Cyprus|Chypre
CZ Czech Republic|République tchèque|Czechia|Tchéquie
DE Germany|Allemagne|Deutschland
DJ Djibouti
DK Denmark|Danemark
DM Dominica|Dominique|La Dominique
DO Dominican Republic|République dominicaine
DZ Algeria|Algérie
EC Ecuador|Équateur
EE Estonia|Estonie
EG Egypt|Égypte
EH Western Sahara|Sahara occidental
ER Eritrea|Érythrée
ES Spain|Espagne|España
ET Ethiopia|Éthiopie
FI Finland|Finlande
FJ Fiji|Fidji
FK Falkland Islands|Îles Malouines|Îles Falkland|Malouines
FM Micronesia|Micronésie
FO Faroe Islands|Îles Féroé
FR France|FRA
GA Gabon
GB United Kingdom|Royaume-Uni|UK|U.K.|Great Britain|Grande-Bretagne|England|Angleterre|Scotland|Écosse|Wales|Pays de Galles|Northern Ireland|Irlande du Nord
GD Grenada|Grenade|La Grenade
GE Georgia|Géorgie
GF French Guiana|Guyane française|Guyane
GG Guernsey|Guernesey
GH Ghana
GI Gibraltar
GL Greenland|Groenland
GM Gambia|Gambie|The Gambia
GN Guinea|Guinée
GP Guadeloupe|La Guadeloupe
GQ Equatorial Guinea|Guinée équatoriale
GR Greece|Grèce
GS South Georgia|Géorgie du Sud|South Georgia and the South Sandwich Islands
GT Guatemala
GU Guam
GW Guinea-Bissau|Guinée-Bissau
GY Guyana
HK Hong Kong
HM Heard and McDonald Islands|Îles Heard-et-MacDonald
HN Honduras
HR Croatia|Croatie
HT Haiti|Haïti
HU Hungary|Hongrie
ID Indonesia|Indonésie
IE Ireland|Irlande|Eire
IL Israel|Israël
IM Isle of Man|Île de Man
IN India|Inde
IO British Indian Ocean Territory|Territoire britannique de l'océan Indien
IQ Iraq|Irak
IR Iran|Iran, Islamic Republic of
IS Iceland|Islande
IT Italy|Italie|Italia
JE Jersey
JM Jamaica|Jamaïque
JO Jordan|Jordanie
JP Japan|Japon
KE Kenya
KG Kyrgyzstan|Kirghizistan
KH Cambodia|Cambodge
KI Kiribati
KM Comoros|Comores
KN Saint Kitts and Nevis|Saint-Christophe-et-Niévès
KP North Korea|Corée du Nord
KR South Korea|Corée du Sud|Korea, Republic of|Republic of Korea
KW Kuwait|Koweït
KY Cayman Islands|Îles Caïmans
KZ Kazakhstan
LA Laos
LB Lebanon|Liban
LC Saint Lucia|Sainte-Lucie
LI Liechtenstein
LK Sri Lanka
LR Liberia|Libéria
LS Lesotho
LT Lithuania|Lituanie
LU Luxembourg
LV Latvia|Lettonie
LY Libya|Libye
MA Morocco|Maroc
MC Monaco
MD Moldova|Moldavie
ME Montenegro|Monténégro
MF Saint Martin|Saint-Martin
MG Madagascar
MH Marshall Islands|Îles Marshall
MK North Macedonia|Macédoine du Nord|Macedonia|Macédoine
ML Mali
MM Myanmar|Birmanie|Burma
MN Mongolia|Mongolie
MO Macau|Macao
MP Northern Mariana Islands|Îles Mariannes du Nord
MQ Martinique|La Martinique
MR Mauritania|Mauritanie
MS Montserrat
MT Malta|Malte
MU Mauritius|Maurice|Île Maurice
MV Maldives
MW Malawi
MX Mexico|Mexique|México
MY Malaysia|Malaisie
MZ Mozambique
NA Namibia|Namibie
NC New Caledonia|Nouvelle-Calédonie
NE Niger
NF Norfolk Island|Île Norfolk
NG Nigeria|Nigéria
NI Nicaragua
NL Netherlands|Pays-Bas|The Netherlands|Holland|Hollande|Nederland
NO Norway|Norvège
NP Nepal|Népal
NR Nauru
NU Niue
NZ New Zealand|Nouvelle-Zélande
OM Oman
PA Panama
PE Peru|Pérou
PF French Polynesia|Polynésie française
PG Papua New Guinea|Papouasie-Nouvelle-Guinée
PH Philippines
PK Pakistan
PL Poland|Pologne
PM Saint Pierre and Miquelon|Saint-Pierre-et-Miquelon
PN Pitcairn|Pitcairn Islands|Îles Pitcairn
PR Puerto Rico|Porto Rico
PS Palestine|State of Palestine
PT Portugal
PW Palau|Palaos
PY Paraguay
QA Qatar
RE Réunion|La Réunion
RO Romania|Roumanie
RS Serbia|Serbie
RU Russia|Russie|Russian Federation|Fédération de Russie
RW Rwanda
SA Saudi Arabia|Arabie saoudite
SB Solomon Islands|Îles Salomon
SC Seychelles
SD Sudan|Soudan
SE Sweden|Suède
SG Singapore|Singapour
SH Saint Helena|Sainte-Hélène
SI Slovenia|Slovénie
SJ Svalbard and Jan Mayen|Svalbard et Jan Mayen
SK Slovakia|Slovaquie
SL Sierra Leone
SM San Marino|Saint-Marin
SN Senegal|Sénégal
SO Somalia|Somalie
SR Suriname
SS South Sudan|Soudan du Sud
ST São Tomé and Príncipe|Sao Tomé-et-Principe
SV El Salvador|Salvador|Le Salvador
SX Sint Maarten
SY Syria|Syrie
SZ Eswatini|Swaziland
TC Turks and Caicos Islands|Îles Turques-et-Caïques
TD Chad|Tchad
TF French Southern Territories|Terres australes françaises
TG Togo
TH Thailand|Thaïlande
TJ Tajikistan|Tadjikistan
TK Tokelau
TL Timor-Leste|East Timor|Timor oriental
TM Turkmenistan|Turkménistan
TN Tunisia|Tunisie
TO Tonga
TR Turkey|Turquie|Türkiye
TT Trinidad and Tobago|Trinité-et-Tobago|Trinidad
TV Tuvalu
TW Taiwan|Taïwan
TZ Tanzania|Tanzanie
UA Ukraine
UG Uganda|Ouganda
UM United States Minor Outlying Islands|Îles mineures éloignées des États-Unis
US United States|États-Unis|USA|U.S.A.|U.S.|United States of America|États-Unis d'Amérique|É.-U.|EU|E-U|EUA|Etats Unis
UY Uruguay
UZ Uzbekistan|Ouzbékistan
VA Vatican|Vatican City|Cité du Vatican|Holy See|Saint-Siège
VC Saint Vincent and the Grenadines|Saint-Vincent-et-les-Grenadines
VE Venezuela
VG British Virgin Islands|Îles Vierges britanniques
VI U.S. Virgin Islands|Îles Vierges américaines|US Virgin Islands|Îles Vierges des États-Unis
VN Vietnam|Viet Nam|Viêt Nam
VU Vanuatu
WF Wallis and Futuna|Wallis-et-Futuna
WS Samoa
YE Yemen|Yémen
YT Mayotte
ZA South Africa|Afrique du Sud
ZM Zambia|Zambie
ZW Zimbabwe
"""

COUNTRY_NAMES: dict[str, str] = {
    plain(name): line[:2] for line in _NAMES.strip().splitlines() for name in line[3:].split("|")
}
