//! The closed list of generators, each a pure function from a cell's bits to
//! text in PostgreSQL's input syntax for its natural type.
//!
//! Coherence: generators of `person`, `internet.username` and
//! `internet.email` draw the same person first, so those made from one cell
//! agree; so do the generators of `address`. Each file here tells its draws;
//! a draw added to a value later comes after those that are there.

mod address;
mod basic;
mod commerce;
mod company;
mod finance;
mod id;
mod internet;
mod number;
mod pen;
mod person;
mod phone;
mod system;
mod text;
mod time;

use pen::Pen;

use crate::dictionary::Dictionary;
use crate::limits::{Limits, Unfit};
use crate::locale::Locale;
use crate::stream::Stream;
use crate::token::Token;
use crate::unknown::Unknown;

macro_rules! generators {
    ($($(#[$doc:meta])+ $variant:ident = $word:literal, $natural:ident, $form:ident, $write:path;)+) => {
        /// What a value is like. The list is closed; a word once given keeps
        /// its meaning through version 1.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Generator {
            $($(#[$doc])+ $variant,)+
        }

        impl Generator {
            /// Every generator.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The word in definition files: a topic, a point, a name.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// The type whose input syntax it writes.
            #[must_use]
            pub const fn natural(self) -> Natural {
                match self { $(Self::$variant => Natural::$natural,)+ }
            }

            const fn form(self) -> Form {
                match self { $(Self::$variant => Form::$form,)+ }
            }

            /// Dispatches to the function that writes it.
            fn draw(self, pen: &mut Pen<'_>) {
                match self { $(Self::$variant => $write(pen),)+ }
            }
        }
    };
}

generators! {
    /// `Maria Lindgren`
    FullName = "person.full_name", Text, Name, person::full_name;
    /// `Maria`
    GivenName = "person.given_name", Text, Name, person::given_name;
    /// `Lindgren`
    FamilyName = "person.family_name", Text, Name, person::family_name;

    /// `maria.lindgren`, ASCII; the local part of the same cell's e-mail.
    Username = "internet.username", Text, Own, internet::username;
    /// `maria.lindgren@example.com`: reserved domains only (RFC 2606, 6761).
    Email = "internet.email", Text, Own, internet::email;
    /// `lindgren.example`
    Domain = "internet.domain", Text, Own, internet::domain;
    /// `https://lindgren.example/quiet-harbour`
    Url = "internet.url", Text, Own, internet::url;
    /// `203.0.113.77`: documentation ranges (RFC 5737).
    Ipv4 = "internet.ipv4", Inet, Rigid, internet::ipv4;
    /// `2001:db8:4f2:91:7c00:3:ab12:c07`: the documentation range (RFC 3849).
    Ipv6 = "internet.ipv6", Inet, Bits, internet::ipv6;
    /// `198.51.100.64/27`: a network in a documentation range.
    Cidr = "internet.cidr", Cidr, Rigid, internet::cidr;
    /// `a6:3f:0c:91:7e:42`: locally administered, no maker's.
    Mac = "internet.mac", Macaddr, Rigid, internet::mac;
    /// `Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0`
    UserAgent = "internet.user_agent", Text, Name, internet::user_agent;
    /// `quiet-harbour`, ASCII.
    Slug = "internet.slug", Text, Own, internet::slug;
    /// `placeholder-8k2v…`: no secret, and no hash that anything would match.
    Password = "internet.password", Text, Own, internet::password;
    /// `7d0q5mz8…`: 32 characters.
    Token = "internet.token", Text, Own, internet::token;

    /// `12 Oak Avenue`: street and number in the country's order.
    Street = "address.street", Text, Name, address::street;
    /// `Oak Avenue`
    StreetName = "address.street_name", Text, Name, address::street_name;
    /// `Springfield`
    City = "address.city", Text, Name, address::city;
    /// `Vermont`: state, province, department, prefecture.
    Region = "address.region", Text, Name, address::region;
    /// `05407`
    Postcode = "address.postcode", Text, Rigid, address::postcode;
    /// `United States`: the locale's own country, in its language.
    Country = "address.country", Text, Name, address::country;
    /// `US`: the locale's own country.
    CountryCode = "address.country_code", Text, Rigid, address::country_code;
    /// `Iceland`: any country, in the locale's language.
    AnyCountry = "address.any_country", Text, Name, address::any_country;
    /// `IS`: any country.
    AnyCountryCode = "address.any_country_code", Text, Rigid, address::any_country_code;
    /// `12 Oak Avenue, Springfield, 05407`: one line in the country's order.
    FullAddress = "address.full", Text, Name, address::full;
    /// `44.260059`: within the country's bounding box.
    Latitude = "address.latitude", Numeric, Rigid, address::latitude;
    /// `-72.575386`: within the country's bounding box.
    Longitude = "address.longitude", Numeric, Rigid, address::longitude;
    /// `America/New_York`: one of the country's.
    Timezone = "address.timezone", Text, Rigid, address::timezone;

    /// `+12025550143`: E.164, from ranges for fiction where there are some.
    Phone = "phone.e164", Text, Rigid, phone::e164;
    /// `202 555 0143`: as dialled within the country.
    PhoneNational = "phone.national", Text, Rigid, phone::national;

    /// `Lindgren and Sons`
    Company = "company.name", Text, Phrase, company::name;
    /// `Logistics`
    Department = "company.department", Text, Phrase, company::department;
    /// `Civil engineer`
    Job = "company.job", Text, Phrase, company::job;

    /// `Small Granite Chair`
    Product = "commerce.product", Text, Phrase, commerce::product;
    /// `49.90`
    Price = "commerce.price", Numeric, Rigid, commerce::price;
    /// `QTR-48213`
    Sku = "commerce.sku", Text, Own, commerce::sku;
    /// `2040012345671`: EAN-13 from the range for use within a shop.
    Ean = "commerce.ean", Text, Rigid, commerce::ean;
    /// `412345678903`: UPC-A from the range for use within a shop.
    Upc = "commerce.upc", Text, Rigid, commerce::upc;
    /// `9780306406157`: ISBN-13.
    Isbn = "commerce.isbn", Text, Rigid, commerce::isbn;
    /// `blue`, in the locale's language.
    Color = "commerce.color", Text, Name, commerce::color;
    /// `#3fa2c8`
    HexColor = "commerce.hex_color", Text, Rigid, commerce::hex_color;
    /// `USD`: the locale's own currency.
    Currency = "commerce.currency", Text, Rigid, commerce::currency;
    /// `3`: mostly small.
    Quantity = "commerce.quantity", Integer, Rigid, commerce::quantity;

    /// `DE89370400440532013000`: right check digits. A locale whose country
    /// has no IBAN writes a German one.
    Iban = "finance.iban", Text, Rigid, finance::iban;
    /// `QKRMDE20`: marked as a test code by its eighth character, 0.
    Bic = "finance.bic", Text, Rigid, finance::bic;
    /// `4242420918273646`: card schemes' test ranges, right by Luhn.
    CardNumber = "finance.card_number", Text, Rigid, finance::card_number;
    /// `0481920375`: ten digits.
    AccountNumber = "finance.account_number", Text, Rigid, finance::account_number;
    /// `1284.50`
    Amount = "finance.amount", Numeric, Rigid, finance::amount;

    /// `harbour`
    Word = "text.word", Text, Phrase, text::word;
    /// `harbour quiet seldom`
    Words = "text.words", Text, Phrase, text::words;
    /// `Quiet harbour seldom`
    Title = "text.title", Text, Phrase, text::title;
    /// `Quiet harbour seldom answers the letter.`
    Sentence = "text.sentence", Text, Sentence, text::sentence;
    /// Three to six sentences.
    Paragraph = "text.paragraph", Text, Sentence, text::paragraph;
    /// Two to four paragraphs with an empty line between.
    Paragraphs = "text.paragraphs", Text, Sentence, text::paragraphs;

    /// `2023-08-17`: within the two years before 2024-01-01.
    Date = "time.date", Date, Rigid, time::date;
    /// `09:26:53`
    Time = "time.time", Time, Rigid, time::time;
    /// `2023-08-17 09:26:53+00`: within the two years before 2024-01-01.
    Timestamp = "time.timestamp", Timestamp, Rigid, time::timestamp;
    /// `2023-12-03 18:04:11+00`: within the 90 days before 2024-01-01.
    Past = "time.past", Timestamp, Rigid, time::past;
    /// `2099-06-14 12:00:00+00`: in 2099, for what must not have expired.
    Future = "time.future", Timestamp, Rigid, time::future;
    /// `2023-12-03`: within the 90 days before 2024-01-01.
    PastDate = "time.past_date", Date, Rigid, time::past_date;
    /// `2099-06-14`: in 2099.
    FutureDate = "time.future_date", Date, Rigid, time::future_date;
    /// `1979-11-23`: of somebody from 18 to 80 years on 2024-01-01.
    BirthDate = "time.birth_date", Date, Rigid, time::birth_date;
    /// `PT2H35M`: ISO 8601, up to eight hours.
    Duration = "time.duration", Interval, Rigid, time::duration;
    /// `2011`: 1990 to 2023.
    Year = "time.year", Integer, Rigid, time::year;
    /// `7`: 1 to 12.
    Month = "time.month", Integer, Rigid, time::month;

    /// `5a2e…-8…`: version 8 (RFC 9562): 122 bits of the cell.
    Uuid = "id.uuid", Uuid, Bits, id::uuid;
    /// The same bits with version 4, for readers that insist on it.
    UuidV4 = "id.uuid_v4", Uuid, Bits, id::uuid_v4;
    /// Version 7: a time within 2023 and 74 bits of the cell.
    UuidV7 = "id.uuid_v7", Uuid, Bits, id::uuid_v7;
    /// `01HBX2…`: a time within 2023 and 80 bits of the cell.
    Ulid = "id.ulid", Text, Bits, id::ulid;
    /// `V1StGXR8_Z5jdHi6B-myT`: 21 characters.
    Nanoid = "id.nanoid", Text, Bits, id::nanoid;
    /// 64 hexadecimal digits, as long as a SHA-256.
    Sha256 = "id.sha256", Text, Bits, id::sha256;
    /// 32 bytes in base 64: 44 characters.
    Base64 = "id.base64", Text, Bits, id::base64;

    /// `2.14.3`
    Semver = "system.semver", Text, Rigid, system::semver;
    /// `image/png`
    MimeType = "system.mime_type", Text, Rigid, system::mime_type;
    /// `quiet-harbour.pdf`
    FileName = "system.file_name", Text, Own, system::file_name;
    /// `pt_BR`: one of [`Locale::ALL`].
    LocaleCode = "system.locale", Text, Rigid, system::locale;
    /// `pt`: ISO 639-1.
    LanguageCode = "system.language", Text, Rigid, system::language;

    /// `417`: 1 to 1000 if nothing bounds it.
    Integer = "basic.integer", Integer, Rigid, basic::integer;
    /// `417.08`: two digits after the point if no scale says otherwise.
    Decimal = "basic.decimal", Numeric, Rigid, basic::decimal;
    /// `true`
    Boolean = "basic.boolean", Boolean, Rigid, basic::boolean;
    /// `{"harbour": "quiet", "count": 7}`
    Json = "basic.json", Json, Rigid, basic::json;
    /// `\x4f92…`: 16 bytes.
    Bytes = "basic.bytes", Bytea, Bits, basic::bytes;
}

impl Generator {
    /// The generator with this word.
    ///
    /// # Errors
    /// No such generator; the nearest one is named.
    pub fn from_word(word: &str) -> Result<Self, Unknown> {
        Self::ALL
            .iter()
            .copied()
            .find(|generator| generator.word() == word)
            .ok_or_else(|| Unknown::new("generator", word, Self::ALL.iter().map(|g| g.word())))
    }

    /// What [`Self::write_unique`] can promise.
    #[must_use]
    pub const fn uniqueness(self) -> Uniqueness {
        match self.form() {
            Form::Phrase | Form::Sentence | Form::Own => Uniqueness::Token,
            Form::Bits => Uniqueness::Bits,
            Form::Rigid | Form::Name => Uniqueness::None,
        }
    }

    /// Appends a value.
    ///
    /// # Errors
    /// No value of this kind keeps the limits; nothing was appended.
    pub fn write(
        self,
        stream: &mut Stream,
        locale: Locale,
        limits: &Limits,
        out: &mut String,
    ) -> Result<(), Unfit> {
        self.run(stream, locale, limits, None, out)
    }

    /// Appends a value that no other token makes, see [`Self::uniqueness`].
    ///
    /// # Errors
    /// A token has no place in this kind, or not within the limits; nothing
    /// was appended.
    pub fn write_unique(
        self,
        stream: &mut Stream,
        token: &Token,
        locale: Locale,
        limits: &Limits,
        out: &mut String,
    ) -> Result<(), Unfit> {
        self.run(stream, locale, limits, Some(token), out)
    }

    fn run(
        self,
        stream: &mut Stream,
        locale: Locale,
        limits: &Limits,
        token: Option<&Token>,
        out: &mut String,
    ) -> Result<(), Unfit> {
        let generator = self.word();
        if token.is_some() && self.uniqueness() == Uniqueness::None {
            return Err(Unfit::NotUnique { generator });
        }
        let start = out.len();
        let words = Dictionary::of(locale);
        let mut pen = Pen { stream, locale, words, limits, token, out, start };
        self.draw(&mut pen);
        let drawn = pen.out.len() > start;
        match self.form() {
            Form::Name => pen.cut(pen.room()),
            Form::Phrase => pen.close_words(None),
            Form::Sentence => {
                let stop = pen.out.chars().next_back();
                pen.close_words(stop);
            }
            Form::Rigid | Form::Bits | Form::Own => {}
        }
        let Some(room) = limits.max_chars else {
            return if drawn { Ok(()) } else { Err(Unfit::NoNumber { generator }) };
        };
        let needed = out[start..].chars().count();
        if (1..=room).contains(&needed) {
            return Ok(());
        }
        out.truncate(start);
        Err(if drawn {
            Unfit::NoRoom { generator, room, needed: needed.max(room + 1) }
        } else {
            Unfit::NoNumber { generator }
        })
    }
}

/// The PostgreSQL type whose input syntax a generator writes. `Integer` and
/// `Numeric` fit floats too, `Timestamp` has a zone that `timestamp` ignores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Natural {
    /// `text`, `varchar`, `citext`.
    Text,
    /// `smallint` to `bigint`.
    Integer,
    /// `numeric`, `real`, `double precision`.
    Numeric,
    /// `boolean`.
    Boolean,
    /// `date`.
    Date,
    /// `time`, `timetz`.
    Time,
    /// `timestamp`, `timestamptz`.
    Timestamp,
    /// `interval`.
    Interval,
    /// `uuid`.
    Uuid,
    /// `inet`.
    Inet,
    /// `cidr`.
    Cidr,
    /// `macaddr`.
    Macaddr,
    /// `json`, `jsonb`.
    Json,
    /// `bytea`.
    Bytea,
}

/// What [`Generator::write_unique`] can promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Uniqueness {
    /// Different tokens, different values.
    Token,
    /// At least 74 bits of the cell: no two values in practice. No token needed.
    Bits,
    /// Neither: try attempts against the table.
    None,
}

/// How a value takes a limit and a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Is whole or not there; has no place for a token.
    Rigid,
    /// Rigid, and unique by its bits.
    Bits,
    /// May be cut; has no place for a token.
    Name,
    /// May be cut; the token is its last word.
    Phrase,
    /// A phrase that ends with a full stop, which stays behind the token.
    Sentence,
    /// Its function keeps the limit and places the token.
    Own,
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn words_go_there_and_back_and_are_unlike() {
        let mut seen = HashSet::new();
        for generator in Generator::ALL {
            assert_eq!(Generator::from_word(generator.word()), Ok(*generator));
            assert!(seen.insert(generator.word()), "{}", generator.word());
            let (topic, name) = generator.word().split_once('.').unwrap();
            assert!([topic, name].iter().all(|part| !part.is_empty()), "{topic}.{name}");
        }
    }

    #[test]
    fn a_slip_is_told() {
        for (word, near) in [
            ("internet.mail", Some("internet.email")),
            ("email", Some("internet.email")),
            ("Person.FullName", Some("person.full_name")),
            ("postcode", Some("address.postcode")),
            ("zzz", None),
        ] {
            assert_eq!(Generator::from_word(word).unwrap_err().near, near, "{word}");
        }
    }
}
