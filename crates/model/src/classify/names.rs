//! The facts: which names say what a column is about.

use seedbed_values::Generator::{self, *};

/// Columns of one group share the bits of a row, so that they agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    /// Names, user name and e-mail of one person.
    Person,
    /// Street, city, region, postcode and country of one address.
    Address,
}

impl Group {
    /// What stands in the place of the column in the key of its bits.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Person => "@person",
            Self::Address => "@address",
        }
    }
}

/// The group of what a column is about.
pub(crate) const fn group(generator: Generator) -> Option<Group> {
    match generator {
        FullName | GivenName | FamilyName | Username | Email => Some(Group::Person),
        Street | StreetName | City | Region | Postcode | Country | CountryCode | FullAddress
        | Latitude | Longitude | Timezone => Some(Group::Address),
        _ => None,
    }
}

/// Names of columns, whole or their end: `email` is also the end of
/// `billing_email`. Words are separated by blanks; the longest name wins.
const COLUMNS: &[(&str, &[Generator])] = &[
    // Persons
    (
        "email|e mail|mail|email address|mail address|correo|correo electronico|courriel|e mail adresse|email adresse|indirizzo email|adres email|emailadres",
        &[Email],
    ),
    (
        "first name|firstname|given name|givenname|forename|vorname|prenom|nombre de pila|primer nombre|primeiro nome|voornaam|imie|fname",
        &[GivenName],
    ),
    (
        "last name|lastname|family name|familyname|surname|nachname|nom de famille|apellido|apellidos|cognome|sobrenome|achternaam|nazwisko|lname",
        &[FamilyName],
    ),
    (
        "full name|fullname|display name|displayname|real name|card holder|cardholder|nombre completo|nom complet|nome completo|nome cognome|vollstaendiger name|volledige naam|imie nazwisko",
        &[FullName],
    ),
    (
        "username|user name|login|login name|nickname|nick|handle|screen name|benutzername|nombre de usuario|usuario|nom utilisateur|nome utente|gebruikersnaam|uzytkownik|nazwa uzytkownika|account name",
        &[Username],
    ),
    (
        "job|job title|jobtitle|occupation|profession|position title|beruf|profesion|professione|profissao|beroep|zawod|metier",
        &[Job],
    ),
    ("department|abteilung|departamento|departement|dipartimento|afdeling|dzial", &[Department]),
    (
        "birth date|birthdate|birthday|date of birth|dob|born on|born at|born|geburtsdatum|geburtstag|fecha de nacimiento|fecha nacimiento|date de naissance|date naissance|data di nascita|data nascita|data nascimento|data de nascimento|geboortedatum|data urodzenia",
        &[BirthDate],
    ),
    // Internet
    (
        "url|uri|link|href|website|web site|homepage|home page|web page|webpage|webseite|sitio web|site web|sito web|strona|callback url|redirect uri|avatar|avatar url|image url|photo url|logo url",
        &[Url],
    ),
    ("domain|domain name|hostname|host name|host|fqdn|dominio|domaine|domein|domena", &[Domain]),
    (
        "ip|ip address|ipaddress|ip addr|ipv4|client ip|remote ip|remote addr|remote address|last ip|sign in ip|adresse ip|direccion ip|indirizzo ip|endereco ip|ip adres|adres ip",
        &[Ipv4],
    ),
    ("ipv6", &[Ipv6]),
    ("mac|mac address|macaddr", &[Mac]),
    ("user agent|useragent|browser", &[UserAgent]),
    ("slug|permalink|url key|path segment|handle slug", &[Slug]),
    (
        "password|passwd|pass|password hash|password digest|encrypted password|hashed password|pwd|passwort|kennwort|contrasena|mot de passe|senha|wachtwoord|haslo",
        &[Password],
    ),
    (
        "token|access token|refresh token|reset token|confirmation token|api key|apikey|secret|client secret|session id|session key|nonce|invite code",
        &[Token],
    ),
    // Address
    (
        "street|street address|address line 1|address line1|address1|addr1|line1|line 1|strasse|calle|rue|via|rua|straat|ulica|direccion|endereco|indirizzo|adresse|adres",
        &[Street],
    ),
    (
        "address|full address|postal address|anschrift|shipping address|billing address",
        &[FullAddress],
    ),
    ("street name|strassenname|nombre de la calle|nom de rue", &[StreetName]),
    (
        "city|town|locality|stadt|ort|ciudad|ville|citta|cidade|stad|miasto|wohnort|municipality|municipio",
        &[City],
    ),
    (
        "region|province|state|county|district|bundesland|provincia|estado|regione|regiao|provincie|wojewodztwo|kanton|state province",
        &[Region],
    ),
    (
        "zip|zip code|zipcode|postcode|post code|postal code|postalcode|plz|postleitzahl|codigo postal|code postal|cap|cep|codice postale|kod pocztowy",
        &[Postcode],
    ),
    ("country|country name|land|pais|pays|paese|kraj", &[Country, CountryCode]),
    (
        "country code|countrycode|country iso|iso country|laendercode|codigo pais|code pays|alpha2|iso2|iso alpha2",
        &[CountryCode],
    ),
    ("lat|latitude|breitengrad|latitud|latitudine", &[Latitude]),
    ("lng|lon|long|longitude|laengengrad|longitud|longitudine", &[Longitude]),
    (
        "timezone|time zone|tz|zeitzone|zona horaria|fuseau horaire|fuso orario|tijdzone|strefa czasowa",
        &[Timezone],
    ),
    // Phone
    (
        "phone|phone number|phonenumber|telephone|telephone number|tel|mobile|mobile phone|mobile number|cell|cellphone|fax|telefon|telefonnummer|handy|handynummer|telefono|movil|celular|portable|cellulare|telefone|telefoon|mobiel|komorka",
        &[Phone],
    ),
    // Company and commerce
    (
        "company|companyname|organization|organisation|employer|brand|manufacturer|firma|firmenname|empresa|entreprise|societe|azienda|societa|bedrijf|bedrijfsnaam",
        &[Company],
    ),
    (
        "product|produkt|produktname|producto|produit|prodotto|produto|artikel|artikelname",
        &[Product],
    ),
    (
        "price|unit price|list price|sale price|cost|fee|preis|precio|prix|prezzo|preco|prijs|cena|rate",
        &[Price],
    ),
    (
        "amount|total|subtotal|total amount|grand total|balance|tax|vat|discount|revenue|salary|payment|betrag|summe|saldo|importe|montant|importo|valor|bedrag|kwota|gehalt|salario|salaire",
        &[Amount],
    ),
    ("sku|article number|item number|part number|product code|artikelnummer|mpn", &[Sku]),
    ("ean|ean13|gtin|barcode|bar code", &[Ean]),
    ("upc", &[Upc]),
    ("isbn|isbn13", &[Isbn]),
    ("color|colour|farbe|couleur|colore|cor|kleur|kolor", &[Color]),
    ("hex color|color hex|colour hex|hex colour|color code|hex code", &[HexColor]),
    ("currency|currency code|waehrung|moneda|devise|valuta|moeda|waluta|iso currency", &[Currency]),
    (
        "quantity|qty|count|stock|units|menge|anzahl|cantidad|quantite|quantita|quantidade|aantal|ilosc|stock quantity",
        &[Quantity],
    ),
    // Finance
    ("iban", &[Iban]),
    ("bic|swift|swift code|bic code", &[Bic]),
    (
        "card number|credit card|credit card number|cc number|pan|kreditkarte|numero tarjeta",
        &[CardNumber],
    ),
    (
        "account number|bank account|account no|kontonummer|numero de cuenta|numero compte|numero conto|rekeningnummer",
        &[AccountNumber],
    ),
    // Text
    (
        "title|headline|subject|caption|heading|titel|titulo|titre|titolo|tytul|betreff|asunto|sujet|oggetto|assunto|onderwerp|temat|label",
        &[Title],
    ),
    (
        "description|summary|excerpt|abstract|subtitle|tagline|beschreibung|descripcion|descrizione|descricao|omschrijving|beschrijving|opis|short description|meta description",
        &[Sentence],
    ),
    (
        "body|content|text|bio|biography|about|long description|article|inhalt|contenido|contenu|contenuto|conteudo|inhoud|tresc|markdown|html",
        &[Paragraph],
    ),
    (
        "comment|note|notes|message|remark|remarks|feedback|review|reason|bemerkung|kommentar|notiz|nachricht|comentario|mensaje|nota|commentaire|remarque|messaggio|commento|mensagem|opmerking|bericht|uwagi|komentarz|wiadomosc|question|answer|instructions",
        &[Sentence],
    ),
    (
        "keyword|tag|tags|keywords|category|genre|topic|kategorie|categoria|categorie|kategoria",
        &[Word],
    ),
    // Time
    (
        "created at|created|created on|creation date|date created|inserted at|registered at|joined at|signed up at|erstellt am|angelegt am|creado en|fecha creacion|cree le|creato il|criado em|aangemaakt op|utworzono",
        &[Timestamp, Past, Date],
    ),
    (
        "updated at|updated|updated on|modified at|modified|last modified|last update|changed at|geaendert am|actualizado en|modifie le|aggiornato il|atualizado em|bijgewerkt op|last seen at|last login at|last login|last seen|published at|sent at|read at|processed at|completed at|finished at|started at|paid at|shipped at|delivered at|locked until|banned until|blocked until|suspended until|muted until|disabled until|snoozed until|confirmed at|verified at|approved at",
        &[Past, PastDate],
    ),
    (
        "expires at|expires on|expires|expire at|expiry|expiry date|expiration|expiration date|expired at|valid until|valid to|until|end|ends|finish|end time|end datetime|expire|expire date|best before|use by|valid thru|valid through|not after|ends at|ends on|end date|end at|due at|due date|due on|deadline|renews at|trial ends at|scheduled at|scheduled for|run at|gueltig bis|ablaufdatum|faellig am|valido hasta|fecha vencimiento|vence|valable jusqu|date expiration|scadenza|data scadenza|valido fino|validade|vencimento|geldig tot|vervaldatum|wazne do|termin",
        &[Future, FutureDate],
    ),
    ("year|jahr|ano|annee|anno|jaar|rok|release year|fiscal year|model year", &[Year]),
    ("month|monat|mes|mois|mese|maand|miesiac", &[Month]),
    ("exp year|expiry year|expiration year", &[]),
    // Identifiers and systems
    ("uuid|guid", &[Uuid]),
    ("ulid", &[Ulid]),
    ("nanoid", &[Nanoid]),
    ("sha|sha256|sha 256|checksum|digest|hash|content hash|file hash", &[Sha256, Token]),
    (
        "version|app version|release|semver|semantic version|version number|version num|release number|release version|versao|versione|wersja",
        &[Semver],
    ),
    ("mime type|mimetype|content type|media type", &[MimeType]),
    (
        "file name|filename|file|attachment name|original name|dateiname|nombre archivo|nom fichier|nome file|bestandsnaam",
        &[FileName],
    ),
    ("locale|locale code|culture", &[LocaleCode]),
    ("language|lang|language code|sprache|idioma|langue|lingua|taal|jezyk", &[LanguageCode]),
];

/// Tables whose `name` is a person's, a company's, … by a word of theirs.
const NAMES: &[(&str, Generator)] = &[
    (
        "user|users|person|persons|people|customer|customers|client|clients|author|authors|employee|employees|member|members|contact|contacts|patient|patients|student|students|teacher|teachers|actor|actors|artist|artists|staff|guest|guests|driver|drivers|profile|profiles|lead|leads|candidate|candidates|player|players|owner|owners|benutzer|nutzer|kunde|kunden|mitarbeiter|autor|autoren|personen|usuario|usuarios|cliente|clientes|autores|empleados|personas|utilisateur|utilisateurs|clients|auteur|auteurs|employes|utente|utenti|clienti|autori|dipendenti|klant|klanten|gebruiker|gebruikers|medewerkers|klient|klienci|uzytkownicy|osoby|pracownicy",
        FullName,
    ),
    (
        "company|companies|organization|organizations|organisation|organisations|vendor|vendors|supplier|suppliers|manufacturer|manufacturers|brand|brands|publisher|publishers|employer|employers|merchant|merchants|tenant|tenants|firma|firmen|lieferant|lieferanten|empresa|empresas|proveedores|entreprises|fournisseurs|aziende|fornitori|bedrijven|leveranciers|firmy",
        Company,
    ),
    (
        "product|products|item|items|article|articles|variant|variants|good|goods|produkt|produkte|artikel|producto|productos|produit|produits|prodotto|prodotti|produto|produtos|producten|produkty",
        Product,
    ),
    ("country|countries|land|laender|pais|paises|pays|paese|paesi|landen|kraje", AnyCountry),
    (
        "city|cities|town|towns|stadt|staedte|ciudad|ciudades|ville|villes|citta|cidade|cidades|steden|miasta",
        City,
    ),
    (
        "state|states|region|regions|province|provinces|county|counties|bundesland|bundeslaender|provincia|provincias|provincies|wojewodztwa",
        Region,
    ),
    (
        "department|departments|abteilung|abteilungen|departamento|departamentos|dipartimenti|afdelingen|dzialy",
        Department,
    ),
    (
        "file|files|document|documents|attachment|attachments|upload|uploads|asset|assets|datei|dateien|archivos|fichiers",
        FileName,
    ),
    ("color|colors|colour|colours|farben|colores|couleurs|colori|cores|kleuren|kolory", Color),
    ("street|streets|strassen|calles|rues", StreetName),
    ("currency|currencies|waehrungen|monedas|devises", Currency),
    ("job|jobs|position|positions|occupation|occupations|beruf|berufe", Job),
    ("domain|domains|host|hosts", Domain),
    (
        "tag|tags|category|categories|genre|genres|role|roles|permission|permissions|label|labels|topic|topics|kategorie|kategorien|categoria|categorias|categorie|kategorie",
        Word,
    ),
];

/// Tables whose `code` is one of a list.
const CODES: &[(&str, Generator)] = &[
    ("country|countries|land|laender|paises|pays|paesi|landen", AnyCountryCode),
    ("currency|currencies|waehrungen|monedas|devises", Currency),
    ("language|languages|sprachen|idiomas|langues|lingue|talen", LanguageCode),
    ("locale|locales", LocaleCode),
    ("product|products|item|items|article|articles|variant|variants", Sku),
];

/// Words at a name's end that make it something else than the rest says:
/// `email_verified`, `country_id`, `price_list`, `state_machine`.
const OTHERWISE: &[&str] = &[
    "id",
    "ids",
    "type",
    "kind",
    "status",
    "flag",
    "verified",
    "confirmed",
    "enabled",
    "count",
    "list",
    "level",
    "rank",
    "position",
    "order",
    "by",
];

fn has(list: &str, name: &str) -> bool {
    list.split('|').any(|entry| entry == name)
}

fn about(facts: &[(&str, Generator)], word: &str) -> Option<Generator> {
    facts.iter().find(|(list, _)| has(list, word)).map(|(_, generator)| *generator)
}

/// What a column may be about, the likeliest first, and how many of its words
/// only say which one of several it is.
pub(super) fn candidates(column: &[String], table: &[String]) -> (Vec<Generator>, usize) {
    // The last word names what a table's rows are: `order_items`.
    let row = table.last().map_or("", String::as_str);
    let whole = column.join(" ");
    if is_name(&whole) {
        return (vec![about(NAMES, row).unwrap_or(Title)], 0);
    }
    if has("code|iso|iso code|codigo|codice|kod", &whole) {
        return (about(CODES, row).into_iter().collect(), 0);
    }
    if has("num|number|nr", &whole) && has("version|versions|release|releases", row) {
        return (vec![Semver], 0);
    }
    let last = column.last().map_or("", String::as_str);
    // The first that the type has room for; a foreign key has its parent's.
    if last == "id" {
        return (vec![Uuid, Ulid, Nanoid], 0);
    }
    for from in 0..column.len() {
        // What qualifies a word from behind is no part of these facts.
        if from > 0 && OTHERWISE.contains(&last) {
            break;
        }
        let end = column[from..].join(" ");
        // `order_state` is a state of an order; a state of the world stands
        // alone or belongs to an address.
        if from > 0 && end == "state" && !is_of_address(&column[..from]) {
            break;
        }
        if let Some((_, found)) = COLUMNS.iter().find(|(list, _)| has(list, &end)) {
            return (found.to_vec(), from);
        }
        if from > 0 && is_name(&end) {
            return (about(NAMES, &column[from - 1]).into_iter().collect(), from);
        }
    }
    (Vec::new(), 0)
}

fn is_name(word: &str) -> bool {
    has("name|nom|nombre|nome|naam|nazwa", word)
}

fn is_of_address(words: &[String]) -> bool {
    words.last().is_some_and(|word| {
        has("address|billing|shipping|home|delivery|mailing|birth|us|postal|addr|company", word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::words;

    #[test]
    fn names_say_what_a_column_is_about() {
        let table = [
            ("users", "email", Some(Email)),
            ("users", "billing_email", Some(Email)),
            ("users", "email_verified", None),
            ("users", "name", Some(FullName)),
            ("products", "name", Some(Product)),
            ("countries", "name", Some(AnyCountry)),
            ("order_items", "name", Some(Product)),
            ("plans", "name", Some(Title)),
            ("invoices", "customer_name", Some(FullName)),
            ("invoices", "company_name", Some(Company)),
            ("countries", "code", Some(AnyCountryCode)),
            ("coupons", "code", None),
            ("addresses", "state", Some(Region)),
            ("orders", "order_state", None),
            ("orders", "shipping_state", Some(Region)),
            ("orders", "country_id", Some(Uuid)),
            ("devices", "warranty_until", Some(Future)),
            ("users", "subscription_end", Some(Future)),
            ("users", "locked_until", Some(Past)),
            ("users", "firstName", Some(GivenName)),
            ("kunden", "Nachname", Some(FamilyName)),
            ("kunden", "straße", Some(Street)),
            ("clientes", "teléfono", Some(Phone)),
            ("clients", "ville", Some(City)),
            ("klienci", "nazwisko", Some(FamilyName)),
            ("klanten", "achternaam", Some(FamilyName)),
            ("sessions", "expires_at", Some(Future)),
            ("offers", "valid_until", Some(Future)),
            ("users", "password_hash", Some(Password)),
            ("users", "ip", Some(Ipv4)),
            ("trips", "description", Some(Sentence)),
            ("trips", "zip", Some(Postcode)),
            ("trips", "recipe", None),
            ("prices", "price_list", None),
            ("users", "locale", Some(LocaleCode)),
            ("places", "lat", Some(Latitude)),
            ("versions", "num", Some(Semver)),
            ("app_releases", "number", Some(Semver)),
            ("apps", "versionNumber", Some(Semver)),
            ("apps", "min_version", Some(Semver)),
            ("invoices", "number", None),
        ];
        for (of, column, expected) in table {
            let (found, _) = candidates(&words(column), &words(of));
            assert_eq!(found.first().copied(), expected, "{of}.{column}");
        }
    }

    #[test]
    fn no_name_is_said_twice() {
        let mut seen = std::collections::BTreeSet::new();
        for name in COLUMNS.iter().flat_map(|(list, _)| list.split('|')) {
            assert!(seen.insert(name), "{name}");
            assert!(!name.is_empty() && name == name.trim(), "{name:?}");
        }
    }
}
